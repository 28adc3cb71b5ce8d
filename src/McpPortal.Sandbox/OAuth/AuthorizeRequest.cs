namespace McpPortal.Sandbox.OAuth;

/// <summary>The query of an authorization request; a parameter sent twice counts as absent (RFC 6749 §3.1).</summary>
internal sealed record AuthorizeRequest(IQueryCollection Query)
{
    public string? ClientId => One("client_id");

    public string? RedirectUri => One("redirect_uri");

    public string? ResponseType => One("response_type");

    public string? State => One("state");

    public string? Nonce => One("nonce");

    public string? CodeChallenge => One("code_challenge");

    public string? CodeChallengeMethod => One("code_challenge_method");

    /// <summary><c>login</c> is GitHub's word for it.</summary>
    public string? LoginHint => One("login_hint") ?? One("login");

    public bool Offline => One("access_type") == "offline";

    public IReadOnlyList<string> Scopes => Split("scope");

    public IReadOnlyList<string> Prompts => Split("prompt");

    public string? One(string name) => Query[name] is { Count: 1 } values && values[0] is { Length: > 0 } value ? value : null;

    private string[] Split(string name) =>
        (One(name) ?? "").Split([' ', ','], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
