using System.Buffers.Text;
using System.Security.Cryptography;
using McpPortal.Data;
using McpPortal.Ui;

namespace McpPortal.Gateway;

/// <summary>
/// The address that an AI client shows when its user has to connect something first. It is made for that user: whoever else follows it is
/// told so, and connects nothing by mistake for somebody else's client. It is no secret and opens nothing by itself.
/// </summary>
internal static class ContinueLink
{
    private const int MarkBytes = 9;

    public static string To(PublicUrl publicUrl, UserId user, string server) => publicUrl.Absolute(PathTo(user, server));

    public static string PathTo(UserId user, string server) => $"/continue/{server}/{MarkOf(user)}";

    public static bool IsFor(UserId user, string? mark) => mark == MarkOf(user);

    private static string MarkOf(UserId user) => Base64Url.EncodeToString(SHA256.HashData(user.Value.ToByteArray()).AsSpan(0, MarkBytes));
}
