using FsCheck;
using FsCheck.Fluent;
using McpPortal.Data;
using McpPortal.Secrets;
using McpPortal.Servers;

namespace McpPortal.Tests.Servers;

public sealed class ServerRulesProperties
{
    [Fact]
    public void INJ_8_A_slug_that_passes_is_short_plain_and_free_of_the_tool_separator() =>
        Prop.ForAll(ArbMap.Default.ArbFor<string>(), text =>
        {
            var passes = ServerNames.SlugRefusal(text ?? "") is null;
            return !passes || (text!.Length is > 0 and <= 40 && text.All(c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '-') && !text.Contains("__") && text[0] != '.');
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));

    [Fact]
    public void Every_plain_slug_passes_unless_reserved() =>
        Prop.ForAll(Gen.Elements("abcdefghijklmnopqrstuvwxyz0123456789-".ToCharArray()).NonEmptyListOf().Select(c => new string([.. c.Take(40)])).ToArbitrary(), slug =>
            (ServerNames.SlugRefusal(slug) is null) == (slug is not ("tool" or "set" or "new"))).Check(Config.QuickThrowOnFailure.WithMaxTest(1000));

    [Theory]
    [InlineData("")]
    [InlineData("tool")]
    [InlineData("set")]
    [InlineData(".well-known")]
    [InlineData("a__b")]
    [InlineData("Upper")]
    [InlineData("a b")]
    [InlineData("a/../b")]
    [InlineData("<script>")]
    [InlineData("ünicode")]
    [InlineData("а")] // Cyrillic
    [InlineData("a\n")]
    [InlineData("a\0")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    public void INJ_8_These_slugs_are_refused(string slug) => Assert.NotNull(ServerNames.SlugRefusal(slug));

    [Fact]
    public void INJ_5_No_header_name_that_passes_can_split_a_request_or_take_a_meaning_of_its_own() =>
        Prop.ForAll(ArbMap.Default.ArbFor<string>(), name =>
            HeaderRules.Refusal(name) is not null || (name!.All(c => c is > ' ' and < '\x7f' and not ':') && name.Length <= 64)).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));

    [Theory]
    [InlineData("Authorization")]
    [InlineData("authorization")]
    [InlineData("Host")]
    [InlineData("Content-Length")]
    [InlineData("content-type")]
    [InlineData("Transfer-Encoding")]
    [InlineData("Cookie")]
    [InlineData("Mcp-Session-Id")]
    [InlineData("MCP-Protocol-Version")]
    [InlineData("Proxy-Authorization")]
    [InlineData("X-Forwarded-For")]
    [InlineData("Sec-Fetch-Site")]
    [InlineData("X-Key\r\nX-Admin")]
    [InlineData("X-Kéy")]
    [InlineData("X Key")]
    [InlineData("X-Key:")]
    [InlineData("")]
    [InlineData(null)]
    public void INJ_5_These_headers_are_refused(string? name) => Assert.NotNull(HeaderRules.Refusal(name));

    [Theory]
    [InlineData("X-Api-Key")]
    [InlineData("Api-Token")]
    [InlineData("X-Whoami-Token")]
    public void Ordinary_headers_are_allowed(string name) => Assert.Null(HeaderRules.Refusal(name));

    [Fact]
    public void INJ_5_A_header_value_that_passes_is_visible_ASCII() =>
        Prop.ForAll(ArbMap.Default.ArbFor<string>(), value =>
            SecretValues.Refusal(CredentialPlacement.Header, value ?? "") is not null || value!.All(c => c is >= ' ' and <= '~')).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));

    [Fact]
    public void No_refusal_repeats_the_value() =>
        Prop.ForAll(ArbMap.Default.ArbFor<string>(), value =>
        {
            var marked = $"canary{value}\ncanary";
            return SecretValues.Refusal(CredentialPlacement.Header, marked)?.Contains("canary", StringComparison.Ordinal) == false;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(500));

    [Theory]
    [InlineData("\u202Eevil")]
    [InlineData("zero\u200Bwidth")]
    [InlineData("line\nbreak")]
    [InlineData("nul\0")]
    [InlineData("\u001b[31mred")]
    [InlineData("\ud800")]
    [InlineData("")]
    public void INJ_8_Names_that_hide_something_are_refused(string name) => Assert.NotNull(ServerNames.NameRefusal(name));

    [Theory]
    [InlineData("E-mail")]
    [InlineData("Büro 👩‍💻")]
    [InlineData("<script>alert(1)</script>")] // shown as text
    public void Names_that_can_be_seen_are_allowed(string name) => Assert.Null(ServerNames.NameRefusal(name));

    [Fact]
    public void Needs_must_fit_the_transport_and_not_collide()
    {
        var header = Drafts.ApiKey;
        Assert.Null(CredentialNeedRules.Refusal(ServerTransport.Http, [header]));
        Assert.NotNull(CredentialNeedRules.Refusal(ServerTransport.Stdio, [header]));
        Assert.NotNull(CredentialNeedRules.Refusal(ServerTransport.Http, [header, header with { Name = "other", Target = "x-api-key" }]));
        Assert.NotNull(CredentialNeedRules.Refusal(ServerTransport.Http, [header, header with { Target = "X-Other" }]));
        Assert.NotNull(CredentialNeedRules.Refusal(ServerTransport.Http, [header with { Placement = CredentialPlacement.Environment, Target = "KEY" }]));
        foreach (var name in new[] { "LD_PRELOAD", "NODE_OPTIONS", "PYTHONSTARTUP", "BASH_ENV", "DOTNET_STARTUP_HOOKS", "PATH", "HOME", "HTTPS_PROXY", "GIT_SSH_COMMAND", "A=B", "", "A\0" })
        {
            Assert.NotNull(CredentialNeedRules.Refusal(ServerTransport.Stdio, [header with { Placement = CredentialPlacement.Environment, Target = name }]));
        }
    }

    [Fact]
    public void No_two_command_lines_have_one_destination() =>
        Prop.ForAll(ArbMap.Default.ArbFor<string[]>(), ArbMap.Default.ArbFor<string[]>(), (one, other) =>
        {
            string[] a = [.. one.Select(x => x ?? "")], b = [.. other.Select(x => x ?? "")];
            var none = new Dictionary<string, string>();
            return a.SequenceEqual(b) == (ServerDestination.OfCommand(a, none) == ServerDestination.OfCommand(b, none)) || HasSurrogate(a) || HasSurrogate(b);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1000));

    [Fact]
    public void Moving_a_border_between_arguments_moves_the_destination()
    {
        var none = new Dictionary<string, string>();

        Assert.NotEqual(ServerDestination.OfCommand(["/bin/a", "b c"], none), ServerDestination.OfCommand(["/bin/a", "b", "c"], none));
        Assert.NotEqual(ServerDestination.OfCommand(["/bin/a", "K", "v"], none), ServerDestination.OfCommand(["/bin/a"], new Dictionary<string, string> { ["K"] = "v" }));
    }

    [Theory]
    [InlineData("cat")]
    [InlineData("./cat")]
    [InlineData("/bin/../bin/cat")]
    [InlineData("/bin//cat")]
    [InlineData("/bin/cat\0")]
    [InlineData("/bin/")]
    [InlineData("")]
    public void INJ_2_A_program_that_is_no_plain_absolute_path_is_refused(string program) => Assert.NotNull(ServerTemplate.CommandRefusal([program]));

    private static bool HasSurrogate(string[] texts) => texts.Any(text => text.Any(char.IsSurrogate));
}
