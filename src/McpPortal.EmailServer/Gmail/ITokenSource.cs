namespace McpPortal.EmailServer.Gmail;

/// <summary>Where the access token of one user comes from.</summary>
internal interface ITokenSource
{
    ValueTask<string> GetAsync(CancellationToken cancellationToken);

    /// <summary>Gmail did not take this token; true when asking again may give a better one.</summary>
    bool Reject(string token);
}
