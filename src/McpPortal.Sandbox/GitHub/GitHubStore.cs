using McpPortal.Sandbox.State;

namespace McpPortal.Sandbox.GitHub;

/// <summary>Repositories and issues; each account starts with two of its own and sees one that everybody shares.</summary>
internal sealed class GitHubStore(SandboxStore store, TimeProvider time)
{
    private const string Shared = "sandbox-org";

    public IReadOnlyList<Repository> Repositories(string account) => Ensure(account, state =>
        state.Repositories.Values.Where(repository => repository.Owner == account || repository.Owner == Shared).OrderBy(repository => repository.Owner + repository.Name, StringComparer.Ordinal).ToList());

    /// <summary>Null when it is not there or the account may not see it.</summary>
    public Repository? Find(string account, string owner, string name) => Ensure(account, state => Visible(state, account, owner, name));

    /// <summary>Newest first; null as in <see cref="Find"/>.</summary>
    public IReadOnlyList<Issue>? Issues(string account, string owner, string name) => Ensure(account, state =>
        Visible(state, account, owner, name)?.Issues.OrderByDescending(issue => issue.Number).ToList());

    public Issue? CreateIssue(string account, string owner, string name, string title, string body, IReadOnlyList<string> labels) => Changed(account, state =>
    {
        if (Visible(state, account, owner, name) is not { } repository)
        {
            return null;
        }

        var issue = new Issue(repository.Issues.Count + 1, title, body, account, time.GetUtcNow(), labels);
        repository.Issues.Add(issue);
        return issue;
    });

    private static Repository? Visible(SandboxState state, string account, string owner, string name) =>
        state.Repositories.GetValueOrDefault($"{owner}/{name}") is { } repository && (!repository.Private || repository.Owner == account) ? repository : null;

    private T Ensure<T>(string account, Func<SandboxState, T> read)
    {
        if (!store.Read(state => state.Repositories.ContainsKey($"{account}/notes")))
        {
            Changed(account, _ => true);
        }

        return store.Read(read);
    }

    private T Changed<T>(string account, Func<SandboxState, T> change) => store.Change(state =>
    {
        Seed(state, account, "notes", "What I want to remember", hidden: true, "Write down the garden plan", $"Only {account} can see this");
        Seed(state, account, "website", $"The pages of {account}", hidden: false, "The footer is too small");
        Seed(state, Shared, "handbook", "How we work", hidden: false, "Explain how to book a room");
        return change(state);
    });

    private void Seed(SandboxState state, string owner, string name, string description, bool hidden, params string[] issues)
    {
        if (state.Repositories.ContainsKey($"{owner}/{name}"))
        {
            return;
        }

        var created = time.GetUtcNow().AddDays(-3);
        state.Repositories[$"{owner}/{name}"] = new Repository
        {
            Owner = owner,
            Name = name,
            Description = description,
            Private = hidden,
            Issues = [.. issues.Select((title, index) => new Issue(index + 1, title, "", owner, created.AddHours(index), []))],
        };
    }
}
