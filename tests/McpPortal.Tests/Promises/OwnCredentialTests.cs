using System.Security.Cryptography;
using System.Text;

namespace McpPortal.Tests.Promises;

[Collection(WholeProcesses.Name)]
public sealed class OwnCredentialTests(PortalPair portals)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public Task ISO_1_Fifty_users_times_twenty_calls_each_see_their_own_credential() => EachSeesTheirOwnAsync("whoami", users: 50, calls: 20);

    [Fact]
    public Task ISO_1_Sixteen_users_times_five_calls_over_stdio() => EachSeesTheirOwnAsync("whoami-stdio", users: 16, calls: 5);

    private async Task EachSeesTheirOwnAsync(string server, int users, int calls)
    {
        var people = new List<(Person Person, string Hash)>();
        for (var i = 0; i < users; i++)
        {
            var person = await portals.AddAsync($"{server}-{i}");
            var secret = $"credential-{i}-{Guid.NewGuid():n}";
            await portals.SetSecretAsync(person, server, "token", secret);
            people.Add((person, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret)))));
        }

        var answers = await Task.WhenAll(Enumerable.Range(0, calls).SelectMany(_ => people).Select(async who =>
            (who.Hash, Answer: await portals.One.CallAsync(who.Person.Key, server, "whoami", cancellationToken: Stop))));

        Assert.Equal(users * calls, answers.Length);
        if (answers.FirstOrDefault(a => !a.Answer.Succeeded).Answer is { } failed)
        {
            Assert.Fail($"{answers.Count(a => !a.Answer.Succeeded)} calls failed, such as {failed}\n{portals.One.Output()}");
        }

        Assert.All(answers, a => Assert.Equal(a.Hash, a.Answer.Sha256));
    }
}
