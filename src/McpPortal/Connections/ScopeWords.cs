namespace McpPortal.Connections;

/// <summary>What scopes permit, in words that a person reads before agreeing.</summary>
internal static class ScopeWords
{
    private static readonly Dictionary<string, string> Words = new(StringComparer.Ordinal)
    {
        ["openid"] = "know who you are",
        ["email"] = "see your e-mail address",
        ["https://www.googleapis.com/auth/userinfo.email"] = "see your e-mail address",
        ["profile"] = "see your name and picture",
        ["https://www.googleapis.com/auth/userinfo.profile"] = "see your name and picture",
        ["https://www.googleapis.com/auth/gmail.readonly"] = "read your mail",
        ["https://www.googleapis.com/auth/gmail.send"] = "send mail as you",
        ["https://www.googleapis.com/auth/gmail.compose"] = "write drafts and send mail as you",
        ["https://www.googleapis.com/auth/gmail.modify"] = "read, send, move and delete your mail",
        ["https://www.googleapis.com/auth/gmail.labels"] = "see and change your mail labels",
        ["https://mail.google.com/"] = "do everything with your mail",
        ["https://www.googleapis.com/auth/calendar"] = "see and change your calendars",
        ["https://www.googleapis.com/auth/calendar.readonly"] = "see your calendars",
        ["https://www.googleapis.com/auth/drive.readonly"] = "read your files in Drive",
        ["repo"] = "read and change your repositories, private ones and issues included",
        ["public_repo"] = "read and change your public repositories",
        ["read:user"] = "see your profile",
        ["user:email"] = "see your e-mail addresses",
        ["read:org"] = "see which organisations you belong to",
        ["gist"] = "write gists",
        ["offline_access"] = "stay connected while you are away",
    };

    /// <summary>Words for one scope; the scope itself where there are none.</summary>
    public static string Of(string scope) => Words.GetValueOrDefault(scope, scope);

    public static IReadOnlyList<string> Of(IEnumerable<string> scopes) => [.. scopes.Select(Of).Distinct(StringComparer.Ordinal)];
}
