using System.Security.Cryptography;
using System.Text.Json.Nodes;
using McpPortal.Accounts.Jwt;

namespace McpPortal.Tests.Accounts.Jwt;

public sealed class JwksCacheTests
{
    private static readonly TokenForge Forge = new();
    private readonly ManualClock _clock = new(TokenForge.Now);
    private byte[]? _set = Forge.Set();
    private int _fetches;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task DOS_9_Unknown_key_ids_fetch_at_most_every_30_seconds()
    {
        using var cache = Cache();
        for (var i = 0; i < 1000; i++)
        {
            Assert.Empty(await cache.FindAsync("RS256", $"random-{i}", Stop));
        }

        Assert.Equal(1, _fetches);
        _clock.Now += TimeSpan.FromSeconds(29);
        await cache.FindAsync("RS256", "random", Stop);
        Assert.Equal(1, _fetches);
        _clock.Now += TimeSpan.FromSeconds(1);
        await cache.FindAsync("RS256", "random", Stop);
        Assert.Equal(2, _fetches);
        Assert.Single(await cache.FindAsync("RS256", "rsa", Stop));
        Assert.Equal(2, _fetches);
    }

    [Fact]
    public async Task DOS_9_A_hundred_callers_share_one_fetch()
    {
        using var cache = Cache();
        var found = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => Task.Run(async () => await cache.FindAsync("RS256", "rsa", Stop))));
        Assert.All(found, k => Assert.Single(k));
        Assert.Equal(1, _fetches);
    }

    [Fact]
    public async Task A_new_key_is_found_and_a_removed_one_forgotten()
    {
        using var cache = Cache();
        Assert.Single(await cache.FindAsync("RS256", "rsa", Stop));
        _set = TokenForge.Set(TokenForge.Jwk(Forge.OtherRsa, "next"));
        _clock.Now += TimeSpan.FromSeconds(31);
        Assert.Single(await cache.FindAsync("RS256", "next", Stop));
        _clock.Now += TimeSpan.FromSeconds(31);
        Assert.Empty(await cache.FindAsync("RS256", "rsa", Stop));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("<html>maintenance</html>")]
    [InlineData("""{"keys":[]}""")]
    [InlineData("""{"keys":{}}""")]
    [InlineData("""{"keys":[{"kty":"oct","k":"AAAA"}]}""")]
    public async Task A_failed_fetch_keeps_the_keys(string? answer)
    {
        using var cache = Cache();
        Assert.Single(await cache.FindAsync("RS256", "rsa", Stop));
        _set = answer is null ? null : System.Text.Encoding.UTF8.GetBytes(answer);
        _clock.Now += TimeSpan.FromHours(13);
        Assert.Single(await cache.FindAsync("RS256", "rsa", Stop));
        Assert.Equal(2, _fetches);
        Assert.Single(await cache.FindAsync("RS256", "rsa", Stop));
        Assert.Equal(2, _fetches);
    }

    [Fact]
    public async Task Old_keys_are_fetched_anew_after_twelve_hours()
    {
        using var cache = Cache();
        await cache.FindAsync("RS256", "rsa", Stop);
        _clock.Now += TimeSpan.FromHours(12);
        await cache.FindAsync("RS256", "rsa", Stop);
        Assert.Equal(2, _fetches);
    }

    [Fact]
    public async Task Keys_of_both_kinds_live_side_by_side()
    {
        using var cache = Cache();
        Assert.IsType<JwtKey.Rsa>(Assert.Single(await cache.FindAsync("RS256", null, Stop)));
        Assert.IsType<JwtKey.Rsa>(Assert.Single(await cache.FindAsync("PS512", "rsa", Stop)));
        Assert.IsType<JwtKey.Ec>(Assert.Single(await cache.FindAsync("ES256", null, Stop)));
        Assert.Equal("ec384", Assert.Single(await cache.FindAsync("ES384", null, Stop)).KeyId);
        Assert.Empty(await cache.FindAsync("ES512", null, Stop));
        Assert.Empty(await cache.FindAsync("HS256", null, Stop));
    }

    [Fact]
    public void Bad_keys_are_skipped_one_by_one()
    {
        using var weak = RSA.Create(1024);
        var good = TokenForge.Jwk(Forge.Rsa, "good");
        JsonObject Broken(Action<JsonObject> change, JsonObject? key = null)
        {
            var broken = key ?? TokenForge.Jwk(Forge.Rsa, "bad");
            change(broken);
            return broken;
        }

        var keys = Jwks.Parse(TokenForge.Set(
            TokenForge.Jwk(weak, "bad"),
            TokenForge.Jwk(Forge.Rsa, "bad", use: "enc"),
            Broken(k => k["n"] = "%%%"),
            Broken(k => k.Remove("e")),
            Broken(k => k["e"] = "AQ"),
            Broken(k => k["e"] = "Ag"),
            Broken(k => k["kty"] = "rsa"),
            Broken(k => k["kid"] = 7),
            Broken(k => k["alg"] = 7),
            Broken(k => k["use"] = null),
            Broken(k => k["key_ops"] = new JsonArray("encrypt")),
            Broken(k => k["crv"] = "secp256k1", TokenForge.Jwk(Forge.Ec, "bad", "P-256")),
            Broken(k => k["crv"] = "P-384", TokenForge.Jwk(Forge.Ec, "bad", "P-256")),
            Broken(k => k["x"] = k["y"]!.GetValue<string>(), TokenForge.Jwk(Forge.Ec, "bad", "P-256")),
            new JsonObject { ["kty"] = "oct", ["kid"] = "bad", ["k"] = "AAAA" },
            JsonValue.Create("bad"),
            JsonValue.Create(7),
            good));
        Assert.Equal("good", Assert.Single(keys!).KeyId);
    }

    [Theory]
    [InlineData("RS256", "RS256", true)]
    [InlineData("RS256", "RS384", false)]
    [InlineData("PS256", "RS256", false)]
    public void A_key_with_an_algorithm_serves_only_that_one(string keyAlgorithm, string tokenAlgorithm, bool fits)
    {
        var key = Assert.Single(Jwks.Parse(TokenForge.Set(TokenForge.Jwk(Forge.Rsa, "k", keyAlgorithm)))!);
        Assert.Equal(fits, key.Fits(tokenAlgorithm));
    }

    private JwksCache Cache() => new(_ => { Interlocked.Increment(ref _fetches); return Task.FromResult(_set); }, _clock);
}
