using McpPortal.Data;
using Npgsql;

namespace McpPortal.Tests.Data;

public sealed class DatabaseFaultTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>Under flapping connections the driver was seen to trip over the event it had just disposed, which was answered with 500.</summary>
    [Fact]
    public async Task A_driver_that_trips_over_its_own_broken_connection_means_that_the_database_is_away()
    {
        var source = NpgsqlDataSource.Create("Host=127.0.0.1");
        await source.DisposeAsync();

        var fault = await Assert.ThrowsAsync<ObjectDisposedException>(async () => await source.OpenConnectionAsync(Stop));
        Assert.True(DatabaseFault.IsUnavailable(fault));
        Assert.True(DatabaseFault.IsUnavailable(new InvalidOperationException("around it", fault)));
    }

    [Fact]
    public async Task What_is_disposed_elsewhere_is_a_fault_of_the_portal()
    {
        var client = new HttpClient();
        client.Dispose();

        Assert.False(DatabaseFault.IsUnavailable(await Assert.ThrowsAsync<ObjectDisposedException>(() => client.GetAsync(new Uri("http://127.0.0.1/"), Stop))));
        Assert.False(DatabaseFault.IsUnavailable(null));
    }
}
