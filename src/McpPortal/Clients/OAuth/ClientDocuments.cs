using System.Collections.Concurrent;
using System.Net;
using McpPortal.Outbound;

namespace McpPortal.Clients.OAuth;

/// <summary>
/// Clients whose id is the address of a document about themselves (OAuth Client ID Metadata Document). The document is fetched through the
/// outbound guard, briefly remembered, and has to name its own address.
/// </summary>
internal sealed class ClientDocuments(OutboundGuard guard, RedirectRules redirects, TimeProvider time)
{
    private const int MaxBytes = 16 * 1024;
    private const int MaxAddress = 500;
    private const int MaxRemembered = 1000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RememberedFor = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan FailureRememberedFor = TimeSpan.FromSeconds(20);
    private readonly ConcurrentDictionary<string, Entry> _known = new(StringComparer.Ordinal);

    /// <returns>The details, or a sentence that says why there are none.</returns>
    public async Task<(ClientDetails? Details, string? Fault)> GetAsync(string clientId, CancellationToken cancellationToken)
    {
        if (_known.TryGetValue(clientId, out var known) && known.Until > time.GetUtcNow())
        {
            return (known.Details, known.Fault);
        }

        var (details, fault) = AddressOf(clientId) is { } address
            ? await FetchAsync(address, clientId, cancellationToken)
            : (null, "The client's id is not the plain address of a document.");
        if (_known.Count >= MaxRemembered)
        {
            _known.Clear();
        }

        _known[clientId] = new Entry(details, fault, time.GetUtcNow() + (details is null ? FailureRememberedFor : RememberedFor));
        return (details, fault);
    }

    /// <summary>Only what every reader of addresses reads in the same way: a path, and nothing that could be left out or resolved.</summary>
    private static Uri? AddressOf(string clientId) =>
        clientId.Length <= MaxAddress && Uri.TryCreate(clientId, UriKind.Absolute, out var url) && url.AbsoluteUri == clientId
            && url.AbsolutePath.Length > 1 && url.Fragment.Length == 0 && url.UserInfo.Length == 0
            ? url
            : null;

    private async Task<(ClientDetails? Details, string? Fault)> FetchAsync(Uri address, string clientId, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(Patience, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            using var client = guard.Create(OutboundPurpose.ClientDocument);
            using var request = new HttpRequestMessage(HttpMethod.Get, address) { Headers = { { "Accept", "application/json" } } };
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop.Token);
            return response.StatusCode == HttpStatusCode.OK
                ? Read(await response.ReadCappedAsync(MaxBytes, stop.Token), clientId)
                : (null, $"{address.Host} did not answer with the client's document.");
        }
        catch (OutboundRefusedException e)
        {
            return (null, e.Message);
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return (null, $"{address.Host} did not answer with the client's document.");
        }
    }

    private (ClientDetails? Details, string? Fault) Read(byte[] json, string clientId)
    {
        var metadata = ClientMetadata.Parse(json);
        return metadata is null ? (null, "The client's document is not one that the portal can read.")
            : metadata.ClientId != clientId ? (null, "The client's document is about another client.")
            : metadata.AuthMethod is not (null or "none") ? (null, "The client wants to prove itself in a way that the portal does not take.")
            : ClientDetails.Check(metadata, redirects);
    }

    private sealed record Entry(ClientDetails? Details, string? Fault, DateTimeOffset Until);
}
