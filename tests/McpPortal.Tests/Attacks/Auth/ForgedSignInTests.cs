using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using McpPortal.Tests.Accounts.Jwt;
using McpPortal.Tests.Rig;
using Microsoft.AspNetCore.WebUtilities;

namespace McpPortal.Tests.Attacks.Auth;

/// <summary>Sign-in with answers that are not what they seem, through the whole handler.</summary>
public sealed class ForgedSignInTests(PostgresCluster cluster) : IAsyncLifetime
{
    private const string Unverified = "could not be verified";
    private HandlerRig _rig = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private EvilProvider Provider => _rig.Provider;

    public async ValueTask InitializeAsync() => _rig = await HandlerRig.StartAsync(cluster);

    public ValueTask DisposeAsync() => _rig.DisposeAsync();

    [Fact]
    public async Task AUTH_2_An_ID_token_that_no_key_of_the_provider_signed_signs_nobody_in()
    {
        var forge = Provider.Forge;
        var publicKey = forge.Rsa.ExportSubjectPublicKeyInfoPem();
        await RefusedAsync("signed by nobody", sign: (header, claims) => $"{TokenForge.Encode(With(header, "alg", "none").ToJsonString())}.{TokenForge.Encode(claims.ToJsonString())}.");
        await RefusedAsync("HS256 with the public key", sign: (header, claims) => TokenForge.SignWith(With(header, "alg", "HS256"), claims, bytes => HMACSHA256.HashData(Encoding.UTF8.GetBytes(publicKey), bytes)));
        await RefusedAsync("HS256 with the client secret", sign: (header, claims) => TokenForge.SignWith(With(header, "alg", "HS256"), claims, bytes => HMACSHA256.HashData("sandbox-only-not-a-secret-portal"u8, bytes)));
        await RefusedAsync("another key of its own", sign: (header, claims) => forge.Sign(With(header, "jwk", TokenForge.Jwk(forge.OtherRsa, "rsa")), claims, forge.OtherRsa));
        await RefusedAsync("an unknown key id", sign: (header, claims) => forge.Sign(With(header, "kid", "other"), claims, forge.OtherRsa));
        await RefusedAsync("no token at all", sign: (_, _) => null);
        await RefusedAsync("no token but a word", sign: (_, _) => "a-word-that-is-no-jwt");
        await AcceptedAsync();
    }

    [Fact]
    public async Task AUTH_3_The_right_header_over_the_wrong_key_signs_nobody_in()
    {
        await RefusedAsync("another key under the same id", sign: (header, claims) => Provider.Forge.Sign(header, claims, Provider.Forge.OtherRsa));
        await RefusedAsync("claims of another token", sign: (header, claims) =>
        {
            var parts = Provider.Forge.Sign(header, claims).Split('.');
            return $"{parts[0]}.{TokenForge.Encode(With(claims, "sub", "victim").ToJsonString())}.{parts[2]}";
        });
        await AcceptedAsync();
    }

    [Fact]
    public async Task AUTH_4_A_token_for_somebody_else_signs_nobody_in()
    {
        await RefusedAsync("another audience", c => c["aud"] = "other");
        await RefusedAsync("no audience", c => c.Remove("aud"));
        await RefusedAsync("two audiences and no party", c => c["aud"] = new JsonArray(EvilProvider.ClientId, "other"));
        await RefusedAsync("two audiences and the other party", c => (c["aud"], c["azp"]) = (new JsonArray(EvilProvider.ClientId, "other"), "other"));
        await RefusedAsync("another party", c => c["azp"] = "other");
        await RefusedAsync("a party that is no text", c => c["azp"] = 1);
        await RefusedAsync("an access token", sign: (header, claims) => Provider.Forge.Sign(With(header, "typ", "at+jwt"), claims));
        await RefusedAsync("a logout token", sign: (header, claims) => Provider.Forge.Sign(With(header, "typ", "logout+jwt"), claims));
        await AcceptedAsync(c => (c["aud"], c["azp"]) = (new JsonArray(EvilProvider.ClientId, "other"), EvilProvider.ClientId));
    }

    [Fact]
    public async Task AUTH_5_A_token_out_of_its_time_signs_nobody_in()
    {
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        await RefusedAsync("expired 70 s ago", c => c["exp"] = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() - 70);
        await RefusedAsync("no expiry", c => c.Remove("exp"));
        await RefusedAsync("an expiry that is text", c => c["exp"] = "4102444800");
        await RefusedAsync("valid in ten minutes", c => c["nbf"] = now + 600);
        await RefusedAsync("issued in ten minutes", c => c["iat"] = now + 600);
        await RefusedAsync("never issued", c => c.Remove("iat"));
        await AcceptedAsync(c => (c["exp"], c["nbf"], c["iat"]) = (TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() - 20, now + 20, now - 600));
    }

    [Fact]
    public async Task AUTH_6_An_issuer_that_only_looks_alike_signs_nobody_in()
    {
        var issuer = Provider.Issuer;
        foreach (var alike in (string[])[issuer + "/", issuer.ToUpperInvariant(), issuer.Replace("127.0.0.1", "localhost", StringComparison.Ordinal), "https" + issuer[4..], "https://evil.example", ""])
        {
            await RefusedAsync($"token of '{alike}'", c => c["iss"] = alike);
            Provider.AnswerIssuer = alike;
            await RefusedAsync($"answer of '{alike}'", sentence: "did not come from the configured sign-in provider", redeemed: false);
        }

        await RefusedAsync("no issuer", c => c.Remove("iss"));
        Provider.AnswerIssuer = null;
        await RefusedAsync("an answer without issuer", sentence: "did not come from the configured sign-in provider", redeemed: false);
        await AcceptedAsync();
    }

    [Fact]
    public async Task AUTH_3_A_token_of_another_sign_in_signs_nobody_in()
    {
        await RefusedAsync("another nonce", c => c["nonce"] = "another");
        await RefusedAsync("no nonce", c => c.Remove("nonce"));
        await RefusedAsync("an empty nonce", c => c["nonce"] = "");
        await RefusedAsync("a nonce in a list", c => c["nonce"] = new JsonArray(c["nonce"]!.DeepClone()));
        await RefusedAsync("hash of another access token", c => c["at_hash"] = "AAAAAAAAAAAAAAAAAAAAAA");
        await RefusedAsync("hash that is no text", c => c["at_hash"] = null);
        await RefusedAsync("no subject", c => c.Remove("sub"));
        await RefusedAsync("an empty subject", c => c["sub"] = "");
        Provider.TokenAnswer = answer => answer["token_type"] = "mac";
        await RefusedAsync("another kind of token", status: 502, sentence: "did not complete the sign-in");
        Provider.TokenAnswer = answer => answer["error"] = "invalid_grant";
        await RefusedAsync("an error with 200", status: 502, sentence: "did not complete the sign-in");
        await AcceptedAsync();
    }

    [Fact]
    public async Task AUTH_7_What_userinfo_says_of_another_subject_is_not_believed()
    {
        Provider.Claims = claims =>
        {
            claims.Remove("name");
            claims.Remove("email");
        };
        Provider.UserInfo = info => (info["sub"], info["name"], info["email"], info["email_verified"], info["roles"]) = ("other", "Another", "admin@sandbox.test", true, new JsonArray("portal-admin"));
        using var browser = _rig.Portal.Browser();

        Assert.Equal(HttpStatusCode.Found, (await HandlerRig.SignInAsync(browser)).Status);

        Assert.Contains(" subject-1 admin=False", await HandlerRig.WhoAsync(browser), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AUTH_7_Two_people_with_one_address_are_two_and_an_address_that_changes_makes_nobody_else()
    {
        var (_, first) = await _rig.PersonAsync("subject-1");
        var (_, second) = await _rig.PersonAsync("subject-2");
        Assert.NotEqual(first, second);

        Provider.Claims = claims => claims["email"] = "renamed@sandbox.test";
        Assert.Equal(first, (await _rig.PersonAsync("subject-1")).User);
        Assert.Equal(2L, await _rig.SqlAsync("select count(*) from users"));
    }

    [Fact]
    public async Task AUTH_14_A_state_that_this_browser_did_not_begin_or_has_used_signs_nobody_in()
    {
        using var browser = _rig.Portal.Browser();
        using var victim = _rig.Portal.Browser();
        var (own, foreign) = (await HandlerRig.CallbackAsync(browser), await HandlerRig.CallbackAsync(victim));
        var exchanges = Provider.Exchanges;
        foreach (var callback in (Uri[])[foreign, Changed(own, "state", null), Changed(own, "state", ""), Changed(own, "state", "made-up"), Changed(own, "state", Value(foreign, "state"))])
        {
            await _rig.AssertRefusedAsync(browser, callback, 400, "could not be finished");
        }

        Assert.Equal(exchanges, Provider.Exchanges);
        using var first = await browser.GetAsync(own, Stop);
        Assert.Equal(HttpStatusCode.Found, first.StatusCode);
        using var thief = _rig.Portal.Browser();
        await _rig.AssertRefusedAsync(thief, own, 400, "could not be finished");

        // A code that was used before, in a sign-in that is real otherwise.
        var next = await HandlerRig.CallbackAsync(thief);
        await _rig.AssertRefusedAsync(thief, Changed(next, "code", Value(own, "code")), 502, "did not complete the sign-in");
        await _rig.AssertRefusedAsync(thief, next, 400, "could not be finished");
    }

    private static JsonObject With(JsonObject json, string name, JsonNode value)
    {
        var copy = json.DeepClone().AsObject();
        copy[name] = value;
        return copy;
    }

    private static string Value(Uri url, string name) => QueryHelpers.ParseQuery(url.Query)[name].ToString();

    private static Uri Changed(Uri url, string name, string? value) => new(QueryHelpers.AddQueryString(
        url.GetLeftPart(UriPartial.Path), QueryHelpers.ParseQuery(url.Query).ToDictionary(p => p.Key, p => p.Key == name ? value : (string?)p.Value)));

    private async Task RefusedAsync(string what, Action<JsonObject>? claims = null, Func<JsonObject, JsonObject, string?>? sign = null, int status = 400, string sentence = Unverified, bool redeemed = true)
    {
        Provider.Claims = claims ?? (_ => { });
        Provider.Sign = sign ?? ((header, body) => Provider.Forge.Sign(header, body));
        var exchanges = Provider.Exchanges;
        using var browser = _rig.Portal.Browser();
        try
        {
            await _rig.AssertRefusedAsync(browser, await HandlerRig.CallbackAsync(browser), status, sentence);
        }
        catch (Exception e)
        {
            throw new Xunit.Sdk.XunitException($"{what}: {e.Message}", e);
        }

        Assert.Equal(redeemed, Provider.Exchanges > exchanges);
        Provider.BeGood();
    }

    /// <summary>The same provider, good again: what was refused before was refused for what it said.</summary>
    private async Task AcceptedAsync(Action<JsonObject>? claims = null)
    {
        Provider.BeGood();
        Provider.Claims = claims ?? (_ => { });
        using var browser = _rig.Portal.Browser();
        var (status, page) = await HandlerRig.SignInAsync(browser);
        Assert.True(status == HttpStatusCode.Found, page);
        _rig.AssertNothingTold(page);
        Assert.NotEqual("nobody", await HandlerRig.WhoAsync(browser));
    }
}
