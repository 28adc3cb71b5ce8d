using McpPortal.BrowserTests.Portal;
using Microsoft.Playwright;

namespace McpPortal.BrowserTests.Pictures;

/// <summary>
/// <c>pictures --all [--out DIR] [--check]</c>: starts a portal of its own and takes every page with no rows, one row, 500 rows and a failed load,
/// light, dark and narrow. Needs a Release build, as <c>infra/test</c> makes it.
/// </summary>
internal static class AllPictures
{
    private static readonly string[] MemberPages =
    [
        "/", "/connections", "/connect/github", "/servers", "/servers/github", "/servers/whoami", "/servers/new", "/toolsets", "/toolsets/new", "/secrets",
        "/console?server=everything&tool=echo", "/activity", "/sessions", "/access", "/profile",
    ];

    private static readonly string[] AdminPages = ["/admin", "/admin/users", "/admin/programs", "/admin/servers", "/admin/sessions", "/servers/new?for=organisation", "/servers/email/edit"];

    /// <summary>Nodes hear of changes made past them as of any other; they may take two seconds.</summary>
    private const string HearOfServers = "insert into invalidations (kind, subject) select 4, id from servers;";
    private const string NoServers = "update servers set removed_at = now();" + HearOfServers;
    private const string OneServer = "update servers set removed_at = null where slug = 'email';" + HearOfServers;
    private const string AllServers = "update servers set removed_at = null;" + HearOfServers;

    /// <summary>Rows enough to see what a long list looks like; names as long as people make them.</summary>
    private const string ManyRows = """
        insert into tool_calls (id, user_id, server_id, server_slug, tool, via, client, account, result, sentence, started_at, duration_ms, upstream_ms, request_bytes, response_bytes)
        select gen_random_uuid(), u.id, gen_random_uuid(), (array['github', 'email', 'whoami', 'everything'])[1 + n % 4], 'a_tool_with_a_rather_long_name_' || n % 17, 1 + n % 3,
          case when n % 3 = 1 then 'nightly report' end, 'somebody-' || n % 3 || '@gmail.sandbox.test', 1 + n % 6,
          case when n % 6 <> 0 then 'The server did not answer within 60 seconds.' end, now() - make_interval(mins => n * 7), 20 + n % 900, 15 + n % 850, 80 + n, 2000 + n * 31
        from generate_series(1, 500) n, users u where u.email = 'test-500@sandbox.test';
        insert into servers (id, slug, name, description, owner_kind, owner_id, transport, url, command_line, settings, credentials, enabled, timeout_seconds, version, destination, created_at, updated_at)
        select gen_random_uuid(), 'own-' || n, 'A server of my own with quite a long name for a card, number ' || n, 'Says what it is for in a sentence.', 1, u.id, 1,
          'https://mcp' || n || '.example.com/mcp', '[]', '{}', '[{"name":"key","source":"Secret","placement":"Header","target":"X-Key","label":"API key"}]', true, 60, 1, 'https://mcp' || n || '.example.com', now(), now()
        from generate_series(1, 500) n, users u where u.email = 'test-500@sandbox.test';
        insert into secrets (id, owner_kind, owner_id, server_id, name, value, generation, destination, created_at, changed_at)
        select gen_random_uuid(), 1, s.owner_id, s.id, 'key', decode('4d5045010100' || repeat('00', 60), 'hex'), 1, s.destination, now(), now()
        from servers s where s.slug like 'own-%';
        insert into toolsets (id, user_id, name, description, mode, version, created_at, updated_at)
        select gen_random_uuid(), u.id, 'a-set-with-a-rather-long-name-' || n, 'Says what it is for in a sentence.', 1 + n % 2, 1, now(), now() from generate_series(1, 500) n, users u where u.email = 'test-500@sandbox.test';
        insert into toolset_servers (toolset_id, user_id, server_id, server_name, tools)
        select t.id, t.user_id, s.id, s.name, case when n % 2 = 0 then '["read_one_thing","write_another_thing"]' end from toolsets t, generate_series(1, 3) n join servers s on s.slug = 'own-' || n;
        insert into connections (id, owner_kind, owner_id, provider_id, account_id, account, label, client_id, scopes, status, generation, consent_version, lease_fence, failures, last_error, last_error_at, created_at, connected_at)
        select gen_random_uuid(), 1, u.id, p.id, 'picture-' || n, 'somebody.with.a.long.address.' || n || '@department.example.org', case when n % 2 = 0 then 'a label of my own' end, p.client_id, '["repo","email"]', 1 + n % 2,
          1, 1, 0, 0, case when n % 2 = 1 then 'The provider refused the grant because it was revoked there.' end, case when n % 2 = 1 then now() end, now(), now()
        from generate_series(1, 12) n, providers p, users u where u.email = 'test-500@sandbox.test';
        insert into access_keys (id, user_id, name, hash, read_only, created_at)
        select 'picture' || n, u.id, 'Key of the program number ' || n, decode(repeat('00', 32), 'hex'), n % 2 = 0, now() from generate_series(1, 49) n, users u where u.email = 'test-500@sandbox.test';
        insert into oauth_clients (id, client_id, name, redirect_uris, created_at) values (gen_random_uuid(), 'picture', 'Editor', '[]', now());
        insert into oauth_grants (id, user_id, client_id, client_name, client_host, server_slug, scopes, created_at, began_at, expires_at)
        select gen_random_uuid(), u.id, c.id, 'An editor with quite a long name for a line, number ' || n, 'a-host-with-a-long-name-' || n || '.example.org', case when n % 2 = 0 then 'email' end,
          case when n % 3 = 0 then '["mcp:read"]' else '["mcp:read","mcp:call"]' end, now(), now(), now() + interval '30 days'
        from generate_series(1, 12) n, oauth_clients c, users u where c.client_id = 'picture' and u.email = 'test-500@sandbox.test';
        insert into mcp_sessions (id, user_id, access_key_id, opened_with, client_name, client_version, protocol_version, endpoint, node_id, created_at, last_active_at, in_use, ended_at, end_reason)
        select gen_random_uuid(), u.id, 'picture' || n, 'Key of the program number ' || n, 'An editor with quite a long name for a line, number ' || n, '1.' || n, '2025-11-25', case when n % 2 = 0 then '/mcp' else '/mcp/email' end,
          (select id from nodes order by seen_at desc limit 1), now() - make_interval(mins => n), now() - make_interval(secs => n), n % 5 = 0, case when n % 3 = 0 then now() end, case when n % 3 = 0 then 1 + n % 9 end
        from generate_series(1, 500) n, users u where u.email = 'test-500@sandbox.test';
        insert into groups (id, name, created_at) values ('00000000-0000-7000-8000-0000000000aa', 'People with quite a long name for their group', now());
        insert into group_members (group_id, user_id, from_claim) select '00000000-0000-7000-8000-0000000000aa', u.id, false from users u where u.email = 'test-500@sandbox.test';
        insert into service_keys (id, name, hash, group_id, created_at, expires_at)
        select 'picture' || n, 'A program with quite a long name for a line, number ' || n, decode(repeat('00', 32), 'hex'), '00000000-0000-7000-8000-0000000000aa', now(), case when n % 2 = 0 then now() + interval '30 days' end from generate_series(1, 500) n;
        insert into act_as_consents (service_key_id, user_id, given_at) select 'picture' || n, u.id, now() from generate_series(1, 3) n, users u where u.email = 'test-500@sandbox.test';
        insert into users (id, display_name, email, email_verified, status, claimed_roles, granted_roles, created_at)
        select gen_random_uuid(), case when n % 50 = 0 then 'Somebody with a name of sixty characters as some people have it ' || n else 'Person number ' || n end, 'person-' || n || '@sandbox.test', true, 1 + n % 2, 0, 0, now() from generate_series(1, 500) n;
        """ + HearOfServers;

    private const string FailedLoads = """
        alter table tool_calls rename to tool_calls_away;
        alter table servers rename to servers_away;
        alter table secrets rename to secrets_away;
        alter table connections rename to connections_away;
        alter table access_keys rename to access_keys_away;
        alter table toolsets rename to toolsets_away;
        alter table oauth_grants rename to oauth_grants_away;
        alter table mcp_sessions rename to mcp_sessions_away;
        alter table service_keys rename to service_keys_away;
        """;

    public static async Task<int> RunAsync(PicturesCommand.Options options)
    {
        var folder = options.Folder;
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await Chromium.LaunchAsync(playwright);
        var portal = await RunningPortal.StartForScriptsAsync();
        var complaints = new List<string>();
        try
        {
            await TakeAsync("anonymous", null, ["/"]);
            await PicturesCommand.EnterAndLeaveAsync(browser, portal.Address, "cara");
            await ChangeAsync(NoServers);
            await TakeAsync("none", "cara", AdminPages);
            await ChangeAsync(AllServers);
            await TakeAsync("none", "test-001", MemberPages);
            await OneOfEachAsync(browser, portal, folder);
            await ChangeAsync(NoServers + OneServer);
            await TakeAsync("one", "cara", AdminPages);
            await ChangeAsync(AllServers);
            await TakeAsync("one", "ana", MemberPages);
            await PicturesCommand.EnterAndLeaveAsync(browser, portal.Address, "test-500");
            await ChangeAsync(ManyRows);
            await TakeAsync("many", "test-500", MemberPages);
            await TakeAsync("many", "cara", AdminPages);
            await PicturesCommand.EnterAndLeaveAsync(browser, portal.Address, "test-404");
            await portal.SqlAsync(FailedLoads);
            await TakeAsync("failed", "test-404", ["/", "/connections", "/servers", "/toolsets", "/secrets", "/activity", "/sessions", "/access"]);
            await TakeAsync("failed", "cara", ["/admin", "/admin/programs", "/admin/servers", "/admin/sessions"]);
        }
        finally
        {
            await portal.DisposeAsync();
            Directory.Delete(portal.Data, recursive: true);
        }

        complaints.ForEach(Console.WriteLine);
        Console.WriteLine($"{Directory.GetFiles(folder, "*.png", SearchOption.AllDirectories).Length} pictures in {folder}, {complaints.Count} complaints");
        return complaints.Count == 0 ? 0 : 1;

        async Task TakeAsync(string rows, string? user, IReadOnlyList<string> pages) =>
            complaints.AddRange(await PicturesCommand.TakeAllAsync(browser, portal.Address, Path.Combine(folder, rows), user, pages, options));

        async Task ChangeAsync(string sql)
        {
            await portal.SqlAsync(sql);
            await Task.Delay(TimeSpan.FromSeconds(3));
        }
    }

    /// <summary>Connects one account, stores one secret and makes one call, as a person would, whose answer is taken too.</summary>
    private static async Task OneOfEachAsync(IBrowser browser, RunningPortal portal, string folder)
    {
        await using var context = await browser.NewContextAsync(new() { BaseURL = portal.Address.ToString(), ViewportSize = new() { Width = 1440, Height = 900 } });
        await PicturesCommand.SignInAsync(context, "ana");
        var page = await context.NewPageAsync();
        await page.GotoAsync("/connect/github");
        await page.GetByRole(AriaRole.Button, new() { Name = "Continue to" }).ClickAsync();
        await page.WaitForURLAsync("**/connections?*");
        await page.GotoAsync("/servers/whoami");
        await page.WaitForCircuitAsync();
        await page.GetByPlaceholder("The value").FillAsync("a value for pictures");
        await page.GetByRole(AriaRole.Button, new() { Name = "Set secret" }).ClickAsync();
        await page.GotoAsync("/console?server=github&tool=list_repos");
        await page.WaitForCircuitAsync();
        await page.GetByTestId("run").ClickAsync();
        await page.GetByTestId("outcome").WaitForAsync();
        await page.ScreenshotAsync(new() { Path = Path.Combine(folder, "one", "console-result.light.png") });
        await page.GotoAsync("/toolsets/new");
        await page.WaitForCircuitAsync();
        await page.GetByTestId("toolset-name").FillAsync("for-pictures");
        await page.GetByTestId("pick-server").First.CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Make toolset" }).ClickAsync();
        await page.WaitForURLAsync("**/toolsets");
        await page.CloseAsync();
    }
}
