using System.Buffers;

namespace McpPortal.Outbound;

/// <summary>Reads an answer up to a limit, so that no host can fill the portal's memory.</summary>
internal static class CappedContent
{
    /// <exception cref="OutboundRefusedException">The answer is longer; nothing of it is kept.</exception>
    public static async Task<byte[]> ReadCappedAsync(this HttpResponseMessage response, int maxBytes, CancellationToken cancellationToken)
    {
        if (response.Content.Headers.ContentLength > maxBytes)
        {
            throw TooLong(response);
        }

        var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        var buffer = ArrayPool<byte>.Shared.Rent(16 * 1024);
        try
        {
            using var body = new MemoryStream();
            int read;
            while ((read = await stream.ReadAsync(buffer, cancellationToken)) > 0)
            {
                if (body.Length + read > maxBytes)
                {
                    throw TooLong(response);
                }

                await body.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            }

            return body.ToArray();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
        }
    }

    private static OutboundRefusedException TooLong(HttpResponseMessage response) =>
        new($"{response.RequestMessage?.RequestUri?.IdnHost ?? "The host"} sent a longer answer than the portal accepts.");
}
