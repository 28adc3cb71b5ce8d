using System.Collections.Concurrent;

namespace McpPortal.Ui;

/// <summary>Where a form of ours may end up after its redirects: browsers apply the policy's form-action to redirects too.</summary>
internal sealed class FormTargets
{
    private const string PerAnswer = "portal.form-targets";
    private readonly ConcurrentDictionary<string, byte> _always = new(StringComparer.Ordinal);

    /// <summary>For every page: the identity provider, which the sign-out form is redirected to.</summary>
    public void AllowAlways(Uri target) => _always.TryAdd(SourceOf(target), 0);

    /// <summary>For this page only: the provider or client that the form on it leads to. Link to such a page with a full load.</summary>
    public static void Allow(HttpContext context, Uri target) => Add(context, SourceOf(target));

    /// <summary>For this page only: a client's callback, and wherever it sends the browser on to over https, such as its page without <c>www.</c></summary>
    public static void AllowOnwards(HttpContext context, Uri callback)
    {
        Allow(context, callback);
        Add(context, "https:");
    }

    public static IEnumerable<string> Of(HttpContext context)
    {
        var always = context.RequestServices.GetService<FormTargets>()?._always.Keys ?? [];
        var here = context.Items[PerAnswer] as HashSet<string> ?? [];
        return ["'self'", .. always.Union(here, StringComparer.Ordinal).Order(StringComparer.Ordinal)];
    }

    private static void Add(HttpContext context, string source)
    {
        if (context.Items[PerAnswer] is not HashSet<string> sources)
        {
            context.Items[PerAnswer] = sources = new(StringComparer.Ordinal);
        }

        sources.Add(source);
    }

    private static string SourceOf(Uri target) =>
        // Policies know no IPv6 addresses (CSP Level 3 §2.3.1).
        (target.Scheme == Uri.UriSchemeHttps || target.Scheme == Uri.UriSchemeHttp) && target.HostNameType != UriHostNameType.IPv6
            ? $"{target.Scheme}://{target.IdnHost}{(target.IsDefaultPort ? "" : $":{target.Port}")}"
            : $"{target.Scheme}:";
}
