namespace McpPortal.Data;

/// <summary>The user was disabled or deleted since the page or request that acts for them was let in.</summary>
internal sealed class UserNotActiveException() : InvalidOperationException("This account is disabled, so nothing can be done in its name. An administrator of this portal can enable it again.");
