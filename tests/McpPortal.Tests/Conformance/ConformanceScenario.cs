namespace McpPortal.Tests.Conformance;

/// <summary>A scenario of a suite with everything that it checked.</summary>
internal sealed record ConformanceScenario(string Name, IReadOnlyList<ConformanceCheck> Checks)
{
    /// <summary>A scenario that found nothing to check has shown nothing.</summary>
    public bool Passed => Checks.Any(check => check.Succeeded) && !Checks.Any(check => check.Failed);

    /// <summary>A line for each check that did not succeed.</summary>
    public IEnumerable<string> Complaints()
    {
        foreach (var check in Checks.Where(check => check.Failed))
        {
            yield return $"{Name,-48} {check.Status,-8} {check.Id}: {check.ErrorMessage ?? check.Description}";
        }

        if (!Checks.Any(check => check.Succeeded || check.Failed))
        {
            yield return $"{Name,-48} {"EMPTY",-8} checked nothing";
        }
    }
}
