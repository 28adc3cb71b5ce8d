using McpPortal.Sandbox.People;
using McpPortal.Sandbox.State;

namespace McpPortal.Sandbox.Oidc;

/// <summary>Who is signed in at the sandbox in which browser.</summary>
internal sealed class SignInSessions(SandboxStore store, TimeProvider time)
{
    private const string Cookie = "sandbox_session";

    public SignedIn? Current(HttpContext context) =>
        context.Request.Cookies[Cookie] is { } cookie ? store.Read(state => state.Sessions.GetValueOrDefault(Randoms.Hash(cookie))) : null;

    public Person? CurrentPerson(HttpContext context) => Residents.Find(Current(context)?.Person);

    /// <summary>Signs the person in; the same person in the same browser keeps the session and its <c>sid</c>.</summary>
    public SignedIn SignIn(HttpContext context, Person person, string? backChannel)
    {
        var session = Current(context);
        if (session?.Person != person.Name)
        {
            End(session?.Id);
            session = new SignedIn { Id = Randoms.Id(), Person = person.Name, At = time.GetUtcNow() };
            var cookie = Randoms.Token();
            store.Change(state => state.Sessions[Randoms.Hash(cookie)] = session);
            context.Response.Cookies.Append(Cookie, cookie, new CookieOptions { HttpOnly = true, SameSite = SameSiteMode.Lax, Path = "/" });
        }

        return store.Change(_ =>
        {
            if (backChannel is not null)
            {
                session.BackChannels.Add(backChannel);
            }

            return session;
        });
    }

    public SignedIn? Find(string? id) => store.Read(state => state.Sessions.Values.FirstOrDefault(session => session.Id == id));

    public IReadOnlyList<SignedIn> Of(string person) => store.Read(state => state.Sessions.Values.Where(session => session.Person == person).ToList());

    public void End(string? id) => store.Change(state =>
    {
        foreach (var cookie in state.Sessions.Where(pair => pair.Value.Id == id).Select(pair => pair.Key).ToList())
        {
            state.Sessions.Remove(cookie);
        }

        return true;
    });
}
