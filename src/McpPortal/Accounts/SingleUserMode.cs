using McpPortal.Data;
using Microsoft.Extensions.Options;

namespace McpPortal.Accounts;

/// <summary>
/// <c>Portal:SingleUser</c>: the portal of one person on their own machine, who shows an access key instead of signing in at a provider.
/// The one user has an id of its own in every installation, so that nobody from a provider is ever taken for it, or it for anybody.
/// </summary>
internal sealed class SingleUserMode(bool isOn)
{
    public const string Key = "Portal:SingleUser";

    /// <summary>What the one user is called on the command line and in requests.</summary>
    public const string Name = "default";

    /// <summary>Not an address, so no provider can have it.</summary>
    public const string Issuer = "urn:mcpportal:single-user";

    /// <summary>The only names under which the portal answers: a page elsewhere whose name was pointed at this machine sends its own.</summary>
    public static IReadOnlyList<string> Hosts { get; } = ["localhost", "127.0.0.1", "[::1]"];

    public static UserId User { get; } = new(new Guid("00000000-0000-7000-8000-000000000001"));

    public bool IsOn { get; } = isOn;

    /// <summary>Finds every setting that does not go with the mode; throws with what to write.</summary>
    public static SingleUserMode Read(IConfiguration configuration)
    {
        var mode = new SingleUserMode(configuration.GetValue<bool>(Key));
        var errors = mode.IsOn ? Errors(configuration).ToArray() : [];
        return errors.Length == 0 ? mode : throw new OptionsValidationException("Portal", typeof(SingleUserMode), errors);
    }

    /// <summary>Whether the user may come in at all: in this mode only the one user, otherwise everybody else.</summary>
    public bool Admits(UserId user) => IsOn == (user == User);

    private static IEnumerable<string> Errors(IConfiguration configuration)
    {
        if (configuration["Oidc:Authority"] is { Length: > 0 } authority)
        {
            yield return $"{Key} is on, and Oidc:Authority is '{authority}'. Remove one of them: either one person uses this portal with an access key, or people sign in through a provider.";
        }

        if (configuration["Portal:PublicUrl"] is { Length: > 0 } text
            && !(Uri.TryCreate(text, UriKind.Absolute, out var url) && Hosts.Contains(url.Host, StringComparer.OrdinalIgnoreCase)))
        {
            yield return $"{Key} is on, and Portal:PublicUrl is '{text}'. In this mode the portal answers on this machine only: write 'http://localhost:5080', or remove {Key} and set up sign-in under Oidc.";
        }
    }
}
