using System.Net.Http.Headers;
using McpPortal.Accounts;
using McpPortal.Audit;
using McpPortal.Clients;
using McpPortal.Data;
using McpPortal.Tests.Accounts;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace McpPortal.Tests.Attacks.Authorization;

/// <summary>Somebody with a browser that is signed in, a program with a key, or nobody.</summary>
/// <param name="Name">As the table says it.</param>
/// <param name="Cookie">The sign-in cookie, or null.</param>
/// <param name="Key">The access key, or null.</param>
internal sealed record Visitor(string Name, string? Cookie, string? Key)
{
    public static async Task<IReadOnlyList<Visitor>> AllAsync(PortalHost host, Actors actors, CancellationToken stop) =>
    [
        .. await Task.WhenAll(Enumerable.Range(0, Actors.Names.Count).Select(async i => new Visitor(Actors.Names[i], await CookieAsync(host, actors[i], stop), null))),
        new Visitor("anonymous", null, null),
        new Visitor("owner's key", null, await KeyAsync(host, actors.Owner, readOnly: false, stop)),
        new Visitor("owner's read-only key", null, await KeyAsync(host, actors.Owner, readOnly: true, stop)),
        new Visitor("other's key", null, await KeyAsync(host, actors.Other, readOnly: false, stop)),
        new Visitor("admin's key", null, await KeyAsync(host, actors.Admin, readOnly: false, stop)),
        new Visitor("disabled's key", null, await KeyAsync(host, actors.Disabled, readOnly: false, stop)),
    ];

    /// <summary>Sends it as this visitor, with what makes a form of theirs valid: nobody is stopped only by a missing antiforgery token.</summary>
    public async Task<HttpResponseMessage> SendAsync(HttpClient http, HttpRequestMessage request, CancellationToken stop)
    {
        using (request)
        {
            List<string> cookies = Cookie is null ? [] : [Cookie];
            if (request.Content is FormUrlEncodedContent form)
            {
                using var ask = new HttpRequestMessage(HttpMethod.Get, "/test/token");
                Dress(ask, cookies);
                using var answer = await http.SendAsync(ask, stop);
                cookies.AddRange(answer.Headers.TryGetValues("Set-Cookie", out var set) ? set.Select(c => c.Split(';')[0]) : []);
                var fields = await form.ReadAsStringAsync(stop);
                request.Content = new StringContent(
                    $"{fields}&__RequestVerificationToken={Uri.EscapeDataString(await answer.Content.ReadAsStringAsync(stop))}", MediaTypeHeaderValue.Parse("application/x-www-form-urlencoded"));
            }

            Dress(request, cookies);
            return await http.SendAsync(request, stop);
        }
    }

    private void Dress(HttpRequestMessage request, List<string> cookies)
    {
        if (cookies.Count > 0)
        {
            request.Headers.Add("Cookie", string.Join("; ", cookies));
        }

        if (Key is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Key);
        }
    }

    /// <summary>The cookie of a browser in which the user has signed in.</summary>
    public static async Task<string> CookieAsync(PortalHost host, UserId user, CancellationToken stop)
    {
        var session = new SignInSession { UserId = user, Issuer = "https://idp.example", CreatedAt = DateTimeOffset.UtcNow, ExpiresAt = DateTimeOffset.UtcNow.AddHours(1) };
        await using (var scope = await host.Services.GetRequiredService<PortalDatabase>().ForSystemAsync(stop))
        {
            scope.Db.SignInSessions.Add(session);
            await scope.CommitAsync(stop);
        }

        var options = host.Services.GetRequiredService<IOptionsMonitor<CookieAuthenticationOptions>>().Get(PortalPrincipal.SignInScheme);
        var principal = PortalPrincipal.Create(new AccountState(session.Id, user, "whoever", null, Roles.None, session.ExpiresAt));
        return $"{options.Cookie.Name}={options.TicketDataFormat.Protect(new AuthenticationTicket(principal, new AuthenticationProperties { IssuedUtc = session.CreatedAt, ExpiresUtc = session.ExpiresAt }, PortalPrincipal.SignInScheme))}";
    }

    // As the command line makes it: a disabled owner's key has to exist to be refused.
    private static async Task<string> KeyAsync(PortalHost host, UserId user, bool readOnly, CancellationToken stop) =>
        (await host.Services.GetRequiredService<AccessKeys>().CreateAsync(user, "key", readOnly, null, null, Actor.CommandLine, stop))!;
}
