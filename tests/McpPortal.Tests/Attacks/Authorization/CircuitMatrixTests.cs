using McpPortal.Data;
using McpPortal.Tests.Accounts;
using McpPortal.Tests.Rig;

namespace McpPortal.Tests.Attacks.Authorization;

/// <summary>AZ-1 for what circuits reach. What pages show or hide plays no part: the services are asked directly.</summary>
public sealed class CircuitMatrixTests(PostgresCluster cluster)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public void AZ_1_Every_action_that_a_circuit_reaches_has_a_row()
    {
        var rows = CircuitRows.All.Select(row => row.Method).ToHashSet(StringComparer.Ordinal);
        var reached = CircuitReach.Methods();

        Assert.Empty(reached.Except(rows, StringComparer.Ordinal));
        Assert.Empty(rows.Except(reached, StringComparer.Ordinal));
    }

    [Fact]
    public async Task AZ_1_Everybody_gets_what_the_table_says_and_touches_nobody_elses_things()
    {
        await using var host = await PortalHost.StartAsync(
            cluster, $"http://127.0.0.1:{Ports.Free()}", Ports.Free(), ("Access:Issuers:0:Issuer", Estate.Issuer), ("Access:Issuers:0:Audience", "portal"), ("Access:Issuers:0:ClientId", "portal"));
        List<string> wrong = [];
        List<(CircuitRow Row, string Got)> table = [];
        Scene? scene = null;
        foreach (var row in CircuitRows.All)
        {
            var got = "";
            for (var actor = 0; row.Do is not null && actor < Actors.Names.Count; actor++)
            {
                scene ??= await SetAsync(host);
                var (answer, mistake) = await TryAsync(host, row, actor, scene);
                got += answer.ToString()[0];
                if (mistake is not null)
                {
                    wrong.Add($"{row.Method} {row.About}, {Actors.Names[actor]}: {mistake}");
                }

                // What was changed is made anew for the next.
                scene = answer != Answer.Yes || scene.Before == await scene.Estate.StateAsync(host, Stop) ? scene : null;
            }

            table.Add((row, got));
            if (got != row.Expected)
            {
                wrong.Add($"{row.Method} {row.About}: expected {row.Expected}, got {got}");
            }
        }

        MatrixFile.Write("circuits", Actors.Names, table.Select(line => (line.Row.About.Length == 0 ? line.Row.Method.Split('(')[0] : $"{line.Row.Method.Split('(')[0]}: {line.Row.About}", Words(line.Got))));
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    private sealed record Scene(Actors Actors, Estate Estate, string Before);

    private static async Task<Scene> SetAsync(PortalHost host)
    {
        var (actors, estate) = await Estate.MakeAsync(host, Stop);
        return new Scene(actors, estate, await estate.StateAsync(host, Stop));
    }

    private static async Task<(Answer Answer, string? Mistake)> TryAsync(PortalHost host, CircuitRow row, int index, Scene scene)
    {
        var (answer, words) = await AskAsync(row, new CircuitCell(host, scene.Actors[index], scene.Estate, Stop));
        if (index == 0)
        {
            return (answer, null);
        }

        var administers = answer == Answer.Yes && index == 3;
        if (!administers && scene.Before != await scene.Estate.StateAsync(host, Stop))
        {
            return (answer, "the owner's things changed");
        }

        // What is somebody else's and what does not exist must look the same.
        var (missing, missingWords) = await AskAsync(row, new CircuitCell(host, scene.Actors[index], scene.Estate.Missing(), Stop));
        return answer != Answer.Yes && (missing != answer || missingWords != words) ? (answer, $"foreign is '{words}' and missing '{missingWords}'") : (answer, null);
    }

    private static async Task<(Answer Answer, string Words)> AskAsync(CircuitRow row, CircuitCell cell)
    {
        try
        {
            var result = await row.Do!(cell);
            return (CircuitRow.Read(result), EstateIds.Hide(result?.ToString() ?? ""));
        }
        catch (UserNotActiveException e)
        {
            return (Answer.Refused, e.Message);
        }
    }

    private static IReadOnlyList<string> Words(string letters) =>
        [.. letters.Length == 0 ? Enumerable.Repeat("–", Actors.Names.Count) : letters.Select(letter => letter switch { 'Y' => "yes", 'N' => "nothing", _ => "refused" })];
}
