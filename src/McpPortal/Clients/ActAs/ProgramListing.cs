namespace McpPortal.Clients.ActAs;

/// <summary>A program that may act for a person, as that person sees it.</summary>
/// <param name="KeyId">Public id of its service key.</param>
/// <param name="Name">The program.</param>
/// <param name="Group">The group through which it asks.</param>
/// <param name="ExpiresAt">When its key ends; null for never.</param>
/// <param name="AllowedSince">When the person switched it on; null: it is off.</param>
internal sealed record ProgramListing(string KeyId, string Name, string Group, DateTimeOffset? ExpiresAt, DateTimeOffset? AllowedSince);
