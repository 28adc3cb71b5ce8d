using McpPortal.Accounts;
using McpPortal.Calls;
using McpPortal.Connections;
using McpPortal.Data;
using McpPortal.Secrets;
using McpPortal.Servers;
using McpPortal.Tests.Accounts;
using McpPortal.Toolsets;
using Microsoft.Extensions.DependencyInjection;

namespace McpPortal.Tests.Attacks.Authorization;

/// <summary>One try: who, with whose ids.</summary>
internal sealed record CircuitCell(PortalHost Host, UserId Actor, Estate Of, CancellationToken Stop)
{
    public Audit.Actor By => Audit.Actor.Page(Actor);

    public T Get<T>()
        where T : notnull => Host.Services.GetRequiredService<T>();
}

/// <summary>What a circuit can set going, and what each actor gets: a letter each of <see cref="Actors.Names"/>, Y(es), N(othing), R(efused).</summary>
/// <param name="Method">As <see cref="CircuitReach"/> names it.</param>
/// <param name="Expected">Five letters; empty where no person's things are touched, and <paramref name="About"/> says why.</param>
/// <param name="Do">Does it; null where there is nothing to try.</param>
/// <param name="About">Which side of the method.</param>
internal sealed record CircuitRow(string Method, string Expected, Func<CircuitCell, Task<object?>>? Do, string About)
{
    /// <summary>Reading the answer of a service as pages do.</summary>
    public static Answer Read(object? result) => result switch
    {
        null or false or ServerEditResult.NotFound or ToolsetEditResult.NotFound or ConfirmResult.NotFound or DisconnectResult.NotFound or UserChange.NotFound or CallOutcome.NotFound
            or ToolListOutcome.Failed { Outcome: CallOutcome.NotFound } => Answer.No,
        ServerEditResult.NotAllowed or ToolsetEditResult.NotAllowed or SecretEditResult.Refused or CallOutcome.Refused or ToolListOutcome.Failed { Outcome: CallOutcome.Refused } => Answer.Refused,
        ServerEditResult.Invalid invalid => throw new InvalidOperationException(invalid.Faults[0].Sentence),
        ToolsetEditResult.Invalid invalid => throw new InvalidOperationException(invalid.Sentence),
        _ => Answer.Yes,
    };
}
