using McpPortal.Tests.Rig;

namespace McpPortal.Tests.Architecture;

public sealed class FloorsTests
{
    [Fact]
    public void Every_folder_uses_only_the_floors_below_it()
    {
        var files = ProductFiles();

        Assert.True(files.Count > 40, $"Only {files.Count} source files were found.");
        Assert.Empty(Floors.Violations(files));
    }

    [Theory]
    [InlineData("Sessions/X.cs", "using McpPortal.Calls;", "Sessions/X.cs (floor 5) uses Calls (floor 6)")]
    [InlineData("Sessions/X.cs", "using static McpPortal.Calls.Thing;", "Sessions/X.cs (floor 5) uses Calls (floor 6)")]
    [InlineData("Sessions/X.cs", "using Alias = McpPortal.Calls.Thing;", "Sessions/X.cs (floor 5) uses Calls (floor 6)")]
    [InlineData("Sessions/X.cs", "var x = new McpPortal.Calls.Thing();", "Sessions/X.cs (floor 5) uses Calls (floor 6)")]
    [InlineData("Sessions/X.cs", "var x = Calls.CallThing.Make();", "Sessions/X.cs (floor 5) uses Calls (floor 6)")]
    [InlineData("Connections/X.cs", "using McpPortal.Secrets;", "Connections/X.cs (floor 4) uses Secrets (floor 4)")]
    [InlineData("Vault/X.cs", "using McpPortal.Audit;", "Vault/X.cs (floor 1) uses Audit (floor 1)")]
    [InlineData("Data/X.cs", "using McpPortal.Vault;", "Data/X.cs (floor 0) uses Vault (floor 1)")]
    [InlineData("Servers/Row.razor", "@using McpPortal.Calls", "Servers/Row.razor (floor 3) uses Calls (floor 6)")]
    [InlineData("Servers/ServersPage.razor", "@using McpPortal.Admin", "Servers/ServersPage.razor (floor 7) uses Admin (floor 7)")]
    [InlineData("_Imports.razor", "@using McpPortal.Calls", "_Imports.razor (floor 2) uses Calls (floor 6)")]
    [InlineData("Calls/X.cs", "using McpPortal.Extras;", "Calls/X.cs uses McpPortal.Extras, which has no floor; give it one in Floors.cs")]
    [InlineData("Extras/X.cs", "", "Extras/X.cs: folder Extras has no floor; give it one in Floors.cs")]
    [InlineData("Calls/X.cs", "await vault.UnprotectAsync(a, b, c);", "Calls/X.cs reads credentials (UnprotectAsync) and is not on the list in Floors.cs")]
    [InlineData("Calls/X.cs", "await database.ForSystemAsync(c);", "Calls/X.cs sees every user's rows (ForSystemAsync) and is not on the list in Floors.cs")]
    [InlineData("Calls/X.cs", "using var db = database.ForSystemApart();", "Calls/X.cs sees every user's rows (ForSystemApart) and is not on the list in Floors.cs")]
    [InlineData("Calls/CallsPage.razor", "@inject PortalDatabase Database", "Calls/CallsPage.razor is a page or component and touches PortalDatabase; ask a service of its feature")]
    [InlineData("Calls/CallsPage.razor.cs", "HttpClient http;", "Calls/CallsPage.razor.cs is a page or component and touches HttpClient; ask a service of its feature")]
    [InlineData("Calls/CallsPage.razor", "@inject SecretVault Vault", "Calls/CallsPage.razor is a page or component and touches SecretVault; ask a service of its feature")]
    public void A_file_that_breaks_the_plan_is_named(string path, string text, string expected) =>
        Assert.Equal(expected, Assert.Single(Floors.Violations([new SourceFile(path, text), CallThing])));

    [Theory]
    [InlineData("Calls/X.cs", "using McpPortal.Sessions;")]
    [InlineData("Audit/X.cs", "using McpPortal.Vault;")]
    [InlineData("Sessions/X.cs", "// see McpPortal.Calls.Thing")]
    [InlineData("Sessions/X.cs", "var count = Calls.Count;")]
    [InlineData("Servers/ServersPage.razor", "@using McpPortal.Calls")]
    [InlineData("Servers/ServerEndpoints.cs", "using McpPortal.Calls;")]
    [InlineData("Servers/ServerEndpoints.cs", "using McpPortal.Api;")]
    [InlineData("Hosting/X.cs", "using McpPortal.Cli;")]
    [InlineData("Gateway/X.cs", "using McpPortal.StreamableHttp;")]
    [InlineData("Sessions/SessionOpener.cs", "await vault.UnprotectAsync(a, b, c);")]
    public void A_file_that_keeps_the_plan_is_not_reported(string path, string text) =>
        Assert.Empty(Floors.Violations([new SourceFile(path, text), CallThing]));

    private static SourceFile CallThing => new("Calls/CallThing.cs", "namespace McpPortal.Calls; internal sealed class CallThing;");

    private static List<SourceFile> ProductFiles()
    {
        var source = Path.Combine(Repository.Root, "src", "McpPortal");
        return
        [
            .. from file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories)
               let path = Path.GetRelativePath(source, file)
               where (path.EndsWith(".cs", StringComparison.Ordinal) || path.EndsWith(".razor", StringComparison.Ordinal))
                   && !path.StartsWith("obj/", StringComparison.Ordinal) && !path.StartsWith("bin/", StringComparison.Ordinal)
               select new SourceFile(path, File.ReadAllText(file)),
        ];
    }
}
