using McpPortal.Data;
using McpPortal.Servers;
using McpPortal.Vault;

namespace McpPortal.Sessions;

/// <summary>
/// What fails on the portal's side while it fetches a credential. Nothing has been sent then, or the server refused it unread (401): the
/// failure says nothing about the server.
/// </summary>
internal static partial class OwnFaults
{
    /// <summary>The result that people read, or null when the failure is not the portal's own.</summary>
    public static SessionResult? Explain(Exception exception, ServerSnapshot server, ILogger logger)
    {
        for (var e = exception; e is not null; e = e.InnerException)
        {
            switch (e)
            {
                case UndecryptableException:
                    Log.Undecryptable(logger, server.Slug, e.Message);
                    return new SessionResult.NeedsOwner($"What you stored for {server.Name} can no longer be read. Set or connect it again on the server's page.", $"/servers/{server.Slug}");
                case VaultSealedException:
                    return new SessionResult.Paused("The portal's keys are not available, so it can use no credentials. Its operator has to bring them back.");
                default:
                    continue;
            }
        }

        return DatabaseFault.IsUnavailable(exception) ? new SessionResult.Paused("The portal's database does not answer, so the call was not made. Try again in a moment.") : null;
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "A credential for {Server} cannot be used. {Reason} Look for changed records with 'keys verify'.")]
        public static partial void Undecryptable(ILogger logger, string server, string reason);
    }
}
