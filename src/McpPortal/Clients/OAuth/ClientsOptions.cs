namespace McpPortal.Clients.OAuth;

/// <summary>Section <c>Clients</c>: the portal as OAuth server of MCP clients.</summary>
internal sealed class ClientsOptions
{
    private const string Section = "Clients";

    /// <summary>Whether clients may register themselves. Those that publish a document about themselves need not.</summary>
    public bool Registration { get; init; } = true;

    /// <summary>How many registrations one address may make in an hour, on each node.</summary>
    public int RegistrationsPerHour { get; init; } = 20;

    /// <summary>Whole addresses of apps that clients may have their answers sent to, beside Cursor's. Exact: a scheme alone could start anything.</summary>
    public IReadOnlyList<string> AppRedirects { get; init; } = [];

    public TimeSpan AccessTokenLifetime { get; init; } = TimeSpan.FromHours(1);

    /// <summary>A grant ends when its client has not refreshed for so long.</summary>
    public TimeSpan RefreshTokenLifetime { get; init; } = TimeSpan.FromDays(30);

    public static ClientsOptions Read(IConfiguration configuration)
    {
        var options = configuration.GetSection(Section).Get<ClientsOptions>() ?? new ClientsOptions();
        Check(options.RegistrationsPerHour > 0, nameof(RegistrationsPerHour), "a positive number, or switch Clients:Registration off");
        Check(options.AppRedirects.All(RedirectUris.IsApp), nameof(AppRedirects), "whole addresses of apps, such as editor://sign-in/callback");
        Check(options.AccessTokenLifetime >= TimeSpan.FromMinutes(1) && options.AccessTokenLifetime <= TimeSpan.FromDays(1), nameof(AccessTokenLifetime), "a time from 00:01:00 to 1.00:00:00");
        Check(options.RefreshTokenLifetime > options.AccessTokenLifetime && options.RefreshTokenLifetime <= TimeSpan.FromDays(366), nameof(RefreshTokenLifetime), "a time longer than Clients:AccessTokenLifetime, up to 366.00:00:00");
        return options;

        static void Check(bool good, string name, string write)
        {
            if (!good)
            {
                throw new InvalidOperationException($"{Section}:{name} cannot be used. Write {write}.");
            }
        }
    }
}
