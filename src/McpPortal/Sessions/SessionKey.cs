using McpPortal.Data;

namespace McpPortal.Sessions;

/// <summary>
/// Which upstream session a call may use. An edited server, or a decision of the credential's owner, is another key and so another
/// session; a token refresh is not.
/// </summary>
/// <param name="User">The only user whose calls run in the session.</param>
/// <param name="Server">The server.</param>
/// <param name="ServerVersion">Counts edits of the server.</param>
/// <param name="Credentials">Ids and consent versions of the credentials, never their values.</param>
internal readonly record struct SessionKey(UserId User, ServerId Server, long ServerVersion, string Credentials);
