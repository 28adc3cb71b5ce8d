using McpPortal.Sandbox;

namespace McpPortal.Tests.Sandbox;

public sealed class SandboxAppTests
{
    [Theory]
    [InlineData("Production")]
    [InlineData("production")]
    public void The_sandbox_refuses_production(string environment)
    {
        var refused = Assert.Throws<SandboxRefusedException>(() => SandboxApp.Create(new SandboxOptions { Urls = "http://127.0.0.1:0" }, environment));
        Assert.Contains("Production", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://0.0.0.0:5090")]
    [InlineData("http://*:5090")]
    [InlineData("http://127.0.0.1:0;http://192.168.1.4:5090")]
    public void The_sandbox_refuses_an_address_that_others_can_reach(string urls) =>
        Assert.Throws<SandboxRefusedException>(() => SandboxApp.Create(new SandboxOptions { Urls = urls }));
}
