using McpPortal.Sessions.Registry;
using Microsoft.Extensions.Configuration;

namespace McpPortal.Tests.Sessions.Registry;

public sealed class ClientSessionOptionsTests
{
    [Fact]
    public void Without_settings_a_session_lasts_an_hour_and_everybody_has_five()
    {
        var options = Read();

        Assert.Equal((TimeSpan.FromSeconds(3600), 5, AtMaximum.EndOldestIdle), (options.SessionTimeout, options.MaxSessionsPerUser, options.AtMaximumSessions));
    }

    [Fact]
    public void The_usual_names_count_where_the_portals_own_are_not_set()
    {
        var aliases = Read(("MCP_SESSION_TIMEOUT", "90"), ("MCP_MAX_CONNECTIONS_PER_USER", "7"), ("Gateway:AtMaximumSessions", "Refuse"));
        var own = Read(("MCP_SESSION_TIMEOUT", "90"), ("MCP_MAX_CONNECTIONS_PER_USER", "7"), ("Gateway:SessionTimeout", "00:00:30"), ("Gateway:MaxSessionsPerUser", "2"));

        Assert.Equal((TimeSpan.FromSeconds(90), 7, AtMaximum.Refuse), (aliases.SessionTimeout, aliases.MaxSessionsPerUser, aliases.AtMaximumSessions));
        Assert.Equal((TimeSpan.FromSeconds(30), 2), (own.SessionTimeout, own.MaxSessionsPerUser));
    }

    [Theory]
    [InlineData("Gateway:SessionTimeout", "00:00:00")]
    [InlineData("Gateway:MaxSessionsPerUser", "0")]
    [InlineData("Gateway:AtMaximumSessions", "both")]
    [InlineData("Gateway:AtMaximumSessions", "7")]
    [InlineData("Gateway:KeepEndedSessions", "-1.00:00:00")]
    public void AUTH_13_What_cannot_be_used_is_named(string key, string value) =>
        Assert.Contains($"{key} cannot be used. Write ", Assert.Throws<InvalidOperationException>(() => Read((key, value))).Message, StringComparison.Ordinal);

    private static ClientSessionOptions Read(params (string Key, string Value)[] settings) =>
        ClientSessionOptions.Read(new ConfigurationBuilder().AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Key, (string?)setting.Value))).Build());
}
