namespace McpPortal.Sandbox.State;

internal sealed class Mailbox
{
    public List<StoredMail> Messages { get; init; } = [];
}
