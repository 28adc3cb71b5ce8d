using System.Net;
using Microsoft.Data.SqlClient;
using Npgsql;

namespace McpPortal.Data;

/// <summary>Says at start, outside Development, that a database on another machine is reached without proof of who answers.</summary>
internal sealed partial class DatabaseNotice(DatabaseOptions options, IHostEnvironment environment, ILogger<DatabaseNotice> logger) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var (name, text) in environment.IsDevelopment() ? [] : new[] { ("App", options.App), ("System", options.System) })
        {
            if (Unproved(options.Provider, text) is { } what)
            {
                Log.Unproved(logger, name, what);
            }
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>What to write instead, or null when the connection is proved or does not leave the machine.</summary>
    internal static string? Unproved(DatabaseKind kind, string text)
    {
        if (kind == DatabaseKind.Postgres)
        {
            var postgres = new NpgsqlConnectionStringBuilder(text);
            return IsHere(postgres.Host) || postgres.SslMode is SslMode.VerifyCA or SslMode.VerifyFull ? null : "'SSL Mode=VerifyFull'";
        }

        var sqlServer = new SqlConnectionStringBuilder(text);
        return IsHere(sqlServer.DataSource.Split(',', '\\')[0]) || (!sqlServer.Encrypt.Equals(SqlConnectionEncryptOption.Optional) && !sqlServer.TrustServerCertificate)
            ? null
            : "'Encrypt=Mandatory;TrustServerCertificate=false'";
    }

    private static bool IsHere(string? host) =>
        host is null or "" or "localhost" or "." or "(local)" || host.StartsWith('/') || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "ConnectionStrings:{Name} leads to another machine, and nothing proves that it is the database: whoever is between them can read and change everything. Write {What} into it.")]
        public static partial void Unproved(ILogger logger, string name, string what);
    }
}
