using System.Net;
using McpPortal.Tests.Accounts;
using McpPortal.Tests.Rig;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace McpPortal.Tests.Attacks.Authorization;

/// <summary>AZ-1 for what a request reaches.</summary>
public sealed class RouteMatrixTests(PostgresCluster cluster)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AZ_1_Every_route_has_a_row()
    {
        await using var host = await StartAsync();
        var rows = RouteRows.All.Select(row => row.Route).ToHashSet(StringComparer.Ordinal);
        var mapped = Routes(host).ToHashSet(StringComparer.Ordinal);

        Assert.Empty(mapped.Except(rows, StringComparer.Ordinal));
        Assert.Empty(rows.Except(mapped, StringComparer.Ordinal));
    }

    [Fact]
    public async Task AZ_1_Everybody_gets_the_status_that_the_table_says_and_touches_nobody_elses_things()
    {
        await using var host = await StartAsync();
        using var http = new HttpClient(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false }) { BaseAddress = new Uri(host.Address) };
        List<string> wrong = [];
        List<(RouteRow Row, string Got)> table = [];
        IReadOnlyList<Visitor> visitors = [];
        Scene? scene = null;
        foreach (var row in RouteRows.All.Where(row => row.Request is not null))
        {
            var (estate, all, before) = scene ??= await SetAsync(host);
            visitors = all;
            List<string> got = [];
            // Owners come last: what they change is theirs to change.
            foreach (var visitor in visitors.OrderBy(IsOwner))
            {
                var (status, body) = await AskAsync(http, visitor, row.Request!(estate));
                var (missing, missingBody) = await AskAsync(http, visitor, row.Request!(estate.Missing()));
                got.Add(status);
                if (status == "404" && (missing != "404" || body != missingBody))
                {
                    wrong.Add($"{row.Route} {row.About}, {visitor.Name}: foreign is '{body}' and missing {missing} '{missingBody}'");
                }

                if (!IsOwner(visitor) && row.Route != "POST /signout" && await estate.StateAsync(host, Stop) is var after && before != after)
                {
                    wrong.Add($"{row.Route} {row.About}, {visitor.Name}: the owner's things changed\n{string.Join('\n', before.Split('\n').Except(after.Split('\n')))}\nbecame\n{string.Join('\n', after.Split('\n').Except(before.Split('\n')))}");
                }
            }

            // What one row changed, such as a sign-in that was ended, must not help the next; pages that were looked at change nothing.
            // Where keys are taken, their use is noted some seconds later.
            var isPage = (row.Route.StartsWith("* /", StringComparison.Ordinal) || row.Route.StartsWith("GET /", StringComparison.Ordinal)) && !row.Route.Contains("/mcp", StringComparison.Ordinal);
            scene = isPage && before == await estate.StateAsync(host, Stop) ? scene : null;
            var ordered = string.Join(' ', visitors.Select(visitor => got[visitors.OrderBy(IsOwner).ToList().IndexOf(visitor)]));
            table.Add((row, ordered));
            if (ordered != row.Expected)
            {
                wrong.Add($"{row.Route} {row.About}: expected\n{row.Expected}, got\n{ordered}");
            }
        }

        MatrixFile.Write("routes", [.. visitors.Select(v => v.Name)], table.Select(line => (line.Row.About.Length == 0 ? line.Row.Route : $"{line.Row.Route}: {line.Row.About}", (IReadOnlyList<string>)line.Got.Split(' '))));
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    private sealed record Scene(Estate Estate, IReadOnlyList<Visitor> Visitors, string Before);

    private static async Task<Scene> SetAsync(PortalHost host)
    {
        var (actors, estate) = await Estate.MakeAsync(host, Stop);
        return new Scene(estate, await Visitor.AllAsync(host, actors, Stop), await estate.StateAsync(host, Stop));
    }

    private static bool IsOwner(Visitor visitor) => visitor.Name.StartsWith("owner", StringComparison.Ordinal);

    private static async Task<(string Status, string Body)> AskAsync(HttpClient http, Visitor visitor, HttpRequestMessage request)
    {
        using var answer = await visitor.SendAsync(http, request, Stop);
        var body = await answer.Content.ReadAsStringAsync(Stop);
        var status = answer.Headers.Location?.ToString() switch
        {
            { } to when to.Contains("/signin?", StringComparison.Ordinal) => "signin",
            { } to when to.Contains("/not-allowed", StringComparison.Ordinal) => "denied",
            _ => ((int)answer.StatusCode).ToString(System.Globalization.CultureInfo.InvariantCulture),
        };
        return (status, EstateIds.Hide(body));
    }

    private static IEnumerable<string> Routes(PortalHost host) =>
        from endpoint in host.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        let pattern = "/" + endpoint.RoutePattern.RawText!.TrimStart('/')
        let file = pattern.Contains("_content/", StringComparison.Ordinal) || pattern.Contains("_framework/", StringComparison.Ordinal) || pattern.Contains("path:file", StringComparison.Ordinal)
            || Path.GetExtension(pattern) is ".css" or ".js" or ".svg" or ".gz" or ".br"
        where !file && !pattern.StartsWith("/test/", StringComparison.Ordinal)
        from method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["*"]
        // Pages take posts as well, for forms, of which they have none: AUTH_1 sends them.
        where !(method == "POST" && endpoint.Metadata.GetMetadata<Microsoft.AspNetCore.Components.Endpoints.ComponentTypeMetadata>() is not null)
        select $"{method} {pattern}";

    private Task<PortalHost> StartAsync() => PortalHost.StartAsync(cluster, $"http://127.0.0.1:{Ports.Free()}", Ports.Free(), ("Clients:RegistrationsPerHour", "1000"));
}
