namespace McpPortal.Clients.ActAs;

/// <summary>A service key as administrators see it: everything but the key.</summary>
/// <param name="Id">Its public id.</param>
/// <param name="Name">The program.</param>
/// <param name="Group">Name of the group.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="ExpiresAt">When it ends; null for never.</param>
/// <param name="Allowing">How many members of the group let it act for them now.</param>
internal sealed record ServiceKeyListing(string Id, string Name, string Group, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt, int Allowing);
