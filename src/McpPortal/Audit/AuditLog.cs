using System.Text.Json;
using McpPortal.Data;

namespace McpPortal.Audit;

/// <summary>Writes who changed what, in the transaction of the change: without the entry there is no change.</summary>
internal sealed class AuditLog(TimeProvider time)
{
    private const int MaxValueLength = 500;

    /// <summary>Adds the entry to the scope's transaction.</summary>
    /// <param name="scope">The transaction of the change.</param>
    /// <param name="action">What happened.</param>
    /// <param name="actor">Who did it.</param>
    /// <param name="subjectKind">Kind of thing: "user", "server", "connection", "secret", "access-key", "service-key", "provider", "client", "grant", "toolset".</param>
    /// <param name="subjectId">Its id.</param>
    /// <param name="concerns">The user whom it concerns, if not the actor.</param>
    /// <param name="details">Public facts. Never a credential; at most its keyed fingerprint.</param>
    public void Record(
        DatabaseScope scope,
        AuditAction action,
        Actor actor,
        string subjectKind,
        string subjectId,
        UserId? concerns = null,
        params ReadOnlySpan<(string Name, string? Value)> details)
    {
        var facts = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in details)
        {
            if (value is not null)
            {
                facts[name] = value.Length > MaxValueLength ? value[..MaxValueLength] : value;
            }
        }

        scope.Db.AuditEntries.Add(new AuditEntry
        {
            At = time.GetUtcNow(),
            ActorId = actor.User,
            Via = actor.Via,
            Action = action.ToString(),
            SubjectKind = subjectKind,
            SubjectId = JsonEncodedText.Encode(subjectId).Value,
            ConcernsUserId = concerns,

            // JSON escapes CR, LF and escape sequences, so neither an id nor a value can forge a line of an export.
            Details = facts.Count == 0 ? null : JsonSerializer.Serialize(facts),
        });
    }
}
