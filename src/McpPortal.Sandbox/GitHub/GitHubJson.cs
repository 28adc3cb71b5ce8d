using System.Text.Json.Nodes;
using McpPortal.Sandbox.People;
using McpPortal.Sandbox.State;

namespace McpPortal.Sandbox.GitHub;

/// <summary>GitHub's shapes, cut to the fields that are used.</summary>
internal static class GitHubJson
{
    public static JsonObject User(string account)
    {
        var person = Residents.Find(account)!;
        return new JsonObject
        {
            ["login"] = account,
            ["id"] = Id(account),
            ["type"] = "User",
            ["name"] = person.DisplayName,
            ["email"] = person.Email,
        };
    }

    public static JsonObject Email(Person person) => new()
    {
        ["email"] = person.Email,
        ["primary"] = true,
        ["verified"] = true,
        ["visibility"] = "private",
    };

    public static JsonObject Repository(Repository repository, string address) => new()
    {
        ["id"] = Id($"{repository.Owner}/{repository.Name}"),
        ["name"] = repository.Name,
        ["full_name"] = $"{repository.Owner}/{repository.Name}",
        ["private"] = repository.Private,
        ["description"] = repository.Description,
        ["html_url"] = $"{address}/github/{repository.Owner}/{repository.Name}",
        ["open_issues_count"] = repository.Issues.Count,
        ["owner"] = new JsonObject { ["login"] = repository.Owner },
    };

    public static JsonObject Issue(Issue issue, string owner, string name, string address) => new()
    {
        ["number"] = issue.Number,
        ["title"] = issue.Title,
        ["body"] = issue.Body,
        ["state"] = "open",
        ["html_url"] = $"{address}/github/{owner}/{name}/issues/{issue.Number}",
        ["created_at"] = issue.Created.ToUniversalTime().ToString("yyyy-MM-ddTHH:mm:ssZ", null),
        ["user"] = new JsonObject { ["login"] = issue.Author },
        ["labels"] = Array(issue.Labels, label => new JsonObject { ["name"] = label }),
    };

    public static JsonArray Array<T>(IEnumerable<T> items, Func<T, JsonObject> shape) => [.. items.Select(shape)];

    /// <summary>A number that is the same at each start.</summary>
    private static int Id(string name) => Convert.ToInt32(Randoms.Hash(name)[..7], 16);
}
