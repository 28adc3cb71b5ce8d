namespace McpPortal.Tests.Conformance;

/// <summary>One thing that a scenario looked at, as the suite writes it down.</summary>
internal sealed record ConformanceCheck(string Id, string Status, string? Description = null, string? ErrorMessage = null)
{
    public bool Succeeded => Status is "SUCCESS";

    /// <summary>A warning is a SHOULD that was not kept: here it counts.</summary>
    public bool Failed => Status is "FAILURE" or "WARNING";
}
