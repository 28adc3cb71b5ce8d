using System.Globalization;
using System.Text;
using McpPortal.Accounts;
using McpPortal.Accounts.Jwt;
using McpPortal.Accounts.Oidc;
using McpPortal.Vault;
using Microsoft.Extensions.Options;

namespace McpPortal.Clients.Issuers;

/// <summary>Finds every mistake of the section at start and says what to write instead. A secret is never quoted.</summary>
internal sealed class AccessOptionsCheck(IHostEnvironment environment, SingleUserMode mode) : IValidateOptions<AccessOptions>
{
    private const int MaxIssuers = 20;
    private const string Key = $"{AccessOptions.Section}:Issuers";

    /// <summary>What every application of an issuer gets, so that it says nothing about for whom a token is.</summary>
    private static readonly string[] Everybodys = ["authenticated", "account"];

    public ValidateOptionsResult Validate(string? name, AccessOptions options)
    {
        var errors = Errors(options, environment.IsDevelopment(), mode.IsOn).ToArray();
        return errors.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    public static IEnumerable<string> Errors(AccessOptions options, bool development, bool singleUser = false)
    {
        if (singleUser && options.Issuers.Count > 0)
        {
            yield return $"{SingleUserMode.Key} is on, and {Key} is set. Remove one of them: in this mode one person uses this portal, with an access key.";
        }

        if (options.Issuers.Count > MaxIssuers)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"{Key} has {options.Issuers.Count} entries. Write at most {MaxIssuers}.");
        }

        for (var i = 0; i < options.Issuers.Count; i++)
        {
            var (issuer, key) = (options.Issuers[i], string.Create(CultureInfo.InvariantCulture, $"{Key}:{i}"));
            foreach (var error in Names(issuer, key, development).Concat(Keys(issuer, key, development)).Concat(Client(issuer, key, development)).Concat(Limits(issuer, key)))
            {
                yield return error;
            }

            // One issuer has one kind of keys: with two entries a key of the one could be taken for a secret of the other.
            if (options.Issuers.Take(i).Any(other => other.Issuer == issuer.Issuer))
            {
                yield return $"{key}:Issuer is '{issuer.Issuer}', which another entry names already. Write one entry for each issuer.";
            }
        }
    }

    private static IEnumerable<string> Names(IssuerSettings issuer, string key, bool development)
    {
        if (!OidcSettingsCheck.IsBase(issuer.Issuer, development) || issuer.Issuer.Contains('{', StringComparison.Ordinal) || issuer.Issuer.Length > 400)
        {
            yield return $"{key}:Issuer is '{issuer.Issuer}'. Write exactly what stands in the tokens' iss, beginning with https://, such as 'https://login.microsoftonline.com/TENANT-ID/v2.0'.";
        }

        if (string.IsNullOrWhiteSpace(issuer.Audience))
        {
            yield return $"{key}:Audience is empty. Write what the issuer puts into aud for this portal; without it a token for any other application would open this one.";
        }
        else if (Everybodys.Contains(issuer.Audience, StringComparer.Ordinal) && !issuer.AllowSharedAudience)
        {
            yield return $"{key}:Audience is '{issuer.Audience}', which every application of that issuer gets. Give the portal an audience of its own, or set {key}:AllowSharedAudience to true if all of them may call in their users' names.";
        }
    }

    private static IEnumerable<string> Keys(IssuerSettings issuer, string key, bool development)
    {
        if (issuer.JwksUri.Length > 0 && IssuerDocument.Address(issuer.JwksUri, development) is null)
        {
            yield return $"{key}:JwksUri is '{issuer.JwksUri}'. Write an address that begins with https://, or leave it out to take the one that the issuer's discovery document names.";
        }

        if (issuer.Secret.Length == 0)
        {
            foreach (var algorithm in issuer.SigningAlgorithms.Where(a => !JwtRules.AsymmetricAlgorithms.Contains(a, StringComparer.Ordinal)))
            {
                yield return $"{key}:SigningAlgorithms contains '{algorithm}'. Write only {string.Join(", ", JwtRules.AsymmetricAlgorithms)}; HS256 goes with {key}:Secret.";
            }

            yield break;
        }

        if (issuer.JwksUri.Length > 0 || issuer.SigningAlgorithms.Count > 0)
        {
            yield return $"{key}:Secret is set together with {key}:JwksUri or {key}:SigningAlgorithms. An issuer signs with HS256 and a secret, or with keys: leave one of them out.";
        }

        if (Encoding.UTF8.GetByteCount(issuer.Secret) < SharedSecretKey.MinimumBytes)
        {
            yield return $"{key}:Secret is shorter than {SharedSecretKey.MinimumBytes} bytes, which could be guessed from one token. Have the issuer make a longer one.";
        }

        if (SampleSecret.IsRefused(issuer.Secret, issuer.Issuer, development))
        {
            yield return $"{key}:Secret is a sample that everybody knows. Write the secret of your own issuer.";
        }
    }

    private static IEnumerable<string> Client(IssuerSettings issuer, string key, bool development)
    {
        if (issuer.ClientId.Length == 0 && issuer.ClientSecret.Length > 0)
        {
            yield return $"{key}:ClientSecret is set without {key}:ClientId. Write the client id that the issuer gave to this portal, or leave both out.";
        }

        if (SampleSecret.IsRefused(issuer.ClientSecret, issuer.Issuer, development))
        {
            yield return $"{key}:ClientSecret is a sample that everybody knows. Write the secret of your own client.";
        }
    }

    private static IEnumerable<string> Limits(IssuerSettings issuer, string key)
    {
        if (issuer.MaxLifetime < TimeSpan.FromMinutes(1) || issuer.MaxLifetime > TimeSpan.FromDays(7))
        {
            yield return $"{key}:MaxLifetime is '{issuer.MaxLifetime}'. Write a time from 00:01:00 to 7.00:00:00, such as 1.00:00:00.";
        }

        if (issuer.ScopeClaim.Length > 0 && (string.IsNullOrWhiteSpace(issuer.ReadScope) || string.IsNullOrWhiteSpace(issuer.CallScope)))
        {
            yield return $"{key}:ReadScope or {key}:CallScope is empty. Write the values of {issuer.ScopeClaim} that allow reading and calling, such as '{IssuerSettings.DefaultReadScope}' and '{IssuerSettings.DefaultCallScope}'.";
        }
    }
}
