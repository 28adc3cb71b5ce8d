using McpPortal.Data;
using McpPortal.Servers;

namespace McpPortal.Tests.Servers;

public sealed class NeedWordsTests
{
    [Theory]
    [InlineData("API key", "your API key")]
    [InlineData("Token", "your token")]
    [InlineData("X", "your X")]
    [InlineData(null, "your token-1")]
    public void A_credential_reads_well_inside_a_sentence(string? label, string expected) =>
        Assert.Equal(expected, new CredentialNeed { Name = "token-1", Source = CredentialSource.Secret, Placement = CredentialPlacement.Bearer, Label = label }.Yours());
}
