using McpPortal.Sandbox.People;

namespace McpPortal.Sandbox.OAuth;

/// <summary>The accounts a consent page offers, most likely first.</summary>
/// <param name="Known">Whether the hint or the sign-in says whose they are.</param>
internal sealed record ConsentAccounts(IReadOnlyList<string> Names, bool Known)
{
    public static ConsentAccounts For(string? hint, Person? signedIn, Func<Person, IReadOnlyList<string>> accounts)
    {
        if ((Residents.Find(hint) ?? signedIn) is not { } person)
        {
            return new([.. Residents.Named.Select(resident => accounts(resident)[0])], Known: false);
        }

        var names = accounts(person);
        return new([.. names.Where(name => name == hint), .. names.Where(name => name != hint)], Known: true);
    }
}
