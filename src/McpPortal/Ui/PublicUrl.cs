using Microsoft.Extensions.Options;

namespace McpPortal.Ui;

/// <summary>The address under which people reach the portal, from <c>Portal:PublicUrl</c>; never taken from a request's Host header.</summary>
internal sealed class PublicUrl
{
    public PublicUrl(IConfiguration configuration)
    {
        var text = configuration["Portal:PublicUrl"] ?? "http://localhost:5080";
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https") || url.PathAndQuery != "/")
        {
            throw new OptionsValidationException("Portal", typeof(PublicUrl), [$"Portal:PublicUrl is '{text}'. Write scheme, host and port only, such as https://portal.example.org."]);
        }

        Value = url;
    }

    public Uri Value { get; }

    /// <summary>The address of a local path.</summary>
    public string Absolute(string path) => new Uri(Value, path).AbsoluteUri;
}
