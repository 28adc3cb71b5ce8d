using System.Text.Json;
using McpPortal.Calls;
using McpPortal.Data;
using McpPortal.Tests.Attacks.Upstreams;
using McpPortal.Tests.Calls;
using McpPortal.Tests.Rig;
using McpPortal.Tests.Sessions.Stdio;
using static McpPortal.Tests.Rig.HostileServer;

namespace McpPortal.Tests.Attacks.Injection;

/// <summary>What people and servers write means nothing to the portal: it arrives as it is, or not at all.</summary>
public sealed class LiteralValuesTests(PostgresCluster cluster)
{
    [Theory]
    [InlineData("--eval=process.exit(1)")]
    [InlineData("$(id); `id`; id & id | id")]
    [InlineData("two\nlines\r\nAND=A_VARIABLE")]
    [InlineData("%PATH% ^& @file \"quoted' \\")]
    [InlineData("${secret:other} {{token}} $HOME")]
    public async Task INJ_3_A_credential_of_a_program_is_one_literal_value(string value)
    {
        await using var rig = await StdioRig.StartAsync();
        await using var client = await rig.ConnectAsync(StdioRig.Launch(environment: new Dictionary<string, string>(StringComparer.Ordinal) { ["API_KEY"] = value }));

        var seen = await StdioRig.CallAsync(client, "printenv");

        Assert.Equal(value, seen.GetProperty("API_KEY").GetString());
        Assert.Equal(["API_KEY", "HOME", "LANG", "PATH", "TMPDIR"], seen.EnumerateObject().Select(variable => variable.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task INJ_12_A_value_that_names_another_secret_is_sent_as_it_is()
    {
        await using var rig = await CallRig.StartAsync(cluster);
        var ana = await rig.AddUserAsync("ana");
        var other = new CredentialNeed { Name = "other", Source = CredentialSource.Secret, Placement = CredentialPlacement.Header, Target = "X-Other" };
        var server = await rig.AddServerAsync(ana, "who", rig.Whoami, CallRig.Header, other);
        await rig.SetAsync(ana, server, "the-other-secret-itself", "other");
        foreach (var value in (string[])["${secret:other}", "{{other}}", "%X-Other%", "${${secret:token}}", "$other", "#{other}"])
        {
            await rig.SetAsync(ana, server, value);
            Assert.Equal(CallRig.Hash(value), CallRig.HashIn(await rig.CallAsync(ana, "who", "whoami")));
        }
    }

    [Theory]
    [InlineData("a\r\nX-Evil: 1")]
    [InlineData("a\nX-Evil: 1")]
    [InlineData("a\0b")]
    [InlineData("\u202Etool")]
    [InlineData("../../../etc/passwd?x=1#y")]
    [InlineData("<script>alert(1)</script>")]
    [InlineData("werkzeug-für-alle")]
    public async Task INJ_5_Names_and_arguments_add_no_header(string text)
    {
        await using var rig = await HostileRig.StartAsync(cluster);

        // A server may ask for arguments in headers.
        rig.Hostile.Misbehave = async (heard, context) => heard.Method == "tools/list" && await SendAsync(context, Result(
            heard.Id, $$"""{"tools":[{"name":{{JsonSerializer.Serialize(text)}},"inputSchema":{"type":"object","properties":{"p":{"type":"string","x-mcp-header":"P"} } } },{"name":"act","inputSchema":{"type":"object","properties":{"p":{"type":"string","x-mcp-header":"P"} } } }]}"""));
        await rig.ListAsync();
        foreach (var tool in (string[])[text, "act"])
        {
            var outcome = await rig.Portal.CallAsync(rig.Ana, "hostile", tool, new { p = text });

            Assert.True(outcome is CallOutcome.Succeeded or CallOutcome.ToolFailed or CallOutcome.Unreachable or CallOutcome.Refused, outcome.ToString());
        }

        Assert.DoesNotContain(rig.Hostile.Requests, request => request.Headers.ContainsKey("X-Evil"));
        await rig.AssertWellAgainAsync();

        // What arrives is the name itself, and its record can be written.
        Assert.All(rig.Hostile.Requests.Where(request => request.Tool is not (null or "act")), request => Assert.Equal(text, request.Tool));
        await CallRig.UntilAsync(async () => (long)(await rig.Portal.SqlAsync("select count(*) from tool_calls where result = 1 and tool = 'act'"))! > 0, "No call was recorded.");
    }
}
