namespace McpPortal.Data;

public enum DatabaseKind
{
    Postgres,
    SqlServer,
}

/// <summary>Section <c>Database</c>, with the connection strings of the two roles and of the migrations.</summary>
internal sealed class DatabaseOptions
{
    public DatabaseKind Provider { get; init; } = DatabaseKind.Postgres;

    /// <summary><c>ConnectionStrings:App</c>: the role bound by row-level security.</summary>
    public required string App { get; init; }

    /// <summary><c>ConnectionStrings:System</c>: the role of hosted work.</summary>
    public required string System { get; init; }

    /// <summary><c>ConnectionStrings:Migrate</c>: owner of the tables; needed by <c>portal migrate</c> only.</summary>
    public string? Migrate { get; init; }

    /// <summary>Whether to wait for notifications besides polling; off behind a transaction-mode pooler, which cannot pass them.</summary>
    public bool Listen { get; init; } = true;

    public static DatabaseOptions Read(IConfiguration configuration)
    {
        var kind = configuration["Database:Provider"] switch
        {
            null or "" => DatabaseKind.Postgres,
            var text when Enum.TryParse<DatabaseKind>(text, ignoreCase: true, out var parsed) => parsed,
            var text => throw new InvalidOperationException($"Database:Provider is '{text}'. Write Postgres or SqlServer."),
        };
        return new DatabaseOptions
        {
            Provider = kind,
            App = Required("App", "the role bound by row-level security"),
            System = Required("System", "the role of hosted work"),
            Migrate = configuration.GetConnectionString("Migrate"),
            Listen = configuration.GetValue("Database:Listen", true),
        };

        string Required(string name, string what) => configuration.GetConnectionString(name) is { Length: > 0 } text
            ? text
            : throw new InvalidOperationException($"ConnectionStrings:{name} is missing. Write the connection string of {what}; infra/run does it for you.");
    }
}
