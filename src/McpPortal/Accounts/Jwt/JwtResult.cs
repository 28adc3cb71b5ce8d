using System.Text.Json;

namespace McpPortal.Accounts.Jwt;

/// <summary>A verified token or the reason why it is none; the reason is for logs and never holds token text.</summary>
internal abstract record JwtResult
{
    private JwtResult()
    {
    }

    public sealed record Valid(JsonElement Claims, string Algorithm) : JwtResult
    {
        public override string ToString() => "Valid";
    }

    public sealed record Refused(string Reason) : JwtResult;
}
