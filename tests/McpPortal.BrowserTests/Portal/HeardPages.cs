using System.Text;
using McpPortal.Tests.Rig.Canaries;
using Microsoft.Playwright;

namespace McpPortal.BrowserTests.Portal;

/// <summary>Hands what a browser receives from the portal to the scan: documents with their prerendered state, and every frame of a circuit.</summary>
internal static class HeardPages
{
    public const string Frames = "circuit frames";
    public const string Documents = "documents";

    public static void Hear(this IBrowserContext context, CanaryScan scan, Uri portal)
    {
        context.Page += (_, page) => page.WebSocket += (_, socket) => socket.FrameReceived += (_, frame) =>
            scan.Hear(Frames, frame.Binary is { } bytes ? Encoding.Latin1.GetString(bytes) : frame.Text ?? "");
        context.Response += (_, response) => _ = HearAsync(response, scan, portal);
    }

    private static async Task HearAsync(IResponse response, CanaryScan scan, Uri portal)
    {
        if (!response.Url.StartsWith(portal.AbsoluteUri, StringComparison.Ordinal) || response.Status is >= 300 and < 400)
        {
            return;
        }

        try
        {
            scan.Hear(Documents, Encoding.UTF8.GetString(await response.BodyAsync()));
        }
        catch (PlaywrightException)
        {
            // The page has gone on meanwhile.
        }
    }
}
