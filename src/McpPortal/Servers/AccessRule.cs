using McpPortal.Data;

namespace McpPortal.Servers;

/// <summary>Allows or denies a server to everyone, a group or a person.</summary>
internal sealed record AccessRule(AccessSubject Subject, Guid SubjectId, bool Allow)
{
    public ServerAccess For(ServerId server) => new() { ServerId = server, Subject = Subject, SubjectId = SubjectId, Allow = Allow };

    public override string ToString() => $"{(Allow ? "allow" : "deny")} {(Subject == AccessSubject.Everyone ? "everyone" : $"{Subject.ToString().ToLowerInvariant()} {SubjectId}")}";
}
