namespace McpPortal.Tests.Promises;

/// <summary>Tests that share the two portals and run one after the other: they measure, and fill the machine.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class WholeProcesses : ICollectionFixture<PortalPair>
{
    public const string Name = "Promises";
}
