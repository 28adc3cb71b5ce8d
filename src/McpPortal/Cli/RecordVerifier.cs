using McpPortal.Data;
using McpPortal.Vault;
using Microsoft.EntityFrameworkCore;

namespace McpPortal.Cli;

/// <summary>Opens every encrypted record of the database once. A test compares its list with the columns of the model.</summary>
internal sealed class RecordVerifier(PortalDatabase database, SecretVault vault)
{
    private readonly List<(string Column, int Good, int Bad)> _columns = [];
    private readonly List<string> _failures = [];

    /// <summary>Counts per column, and a line for each record that does not open.</summary>
    public sealed record Report(IReadOnlyList<(string Column, int Good, int Bad)> Columns, IReadOnlyList<string> Failures);

    /// <summary>Every column that holds ciphertext of the vault.</summary>
    public static IReadOnlyList<string> CoveredColumns { get; } =
    [
        "connections.access_token", "connections.refresh_token", "outbox.payload", "pending_connects.verifier", "providers.client_secret", "secrets.value",
    ];

    public async Task<Report> VerifyAsync(CancellationToken cancellationToken)
    {
        await using var scope = await database.ForSystemAsync(cancellationToken);
        var db = scope.Db;
        await CheckAsync("connections.access_token", db.Connections, Bindings.AccessToken, c => c.AccessToken, cancellationToken);
        await CheckAsync("connections.refresh_token", db.Connections, Bindings.RefreshToken, c => c.RefreshToken, cancellationToken);
        await CheckAsync("outbox.payload", db.Outbox, Bindings.Outbox, o => o.Payload, cancellationToken);
        await CheckAsync("pending_connects.verifier", db.PendingConnects, Bindings.Verifier, p => p.Verifier, cancellationToken);
        await CheckAsync("providers.client_secret", db.Providers, Bindings.ClientSecret, p => p.ClientSecret, cancellationToken);
        await CheckAsync("secrets.value", db.Secrets, Bindings.Secret, s => s.Value, cancellationToken);
        return new Report(_columns, _failures);
    }

    private async Task CheckAsync<T>(string column, IQueryable<T> rows, Func<T, SecretBinding> binding, Func<T, Protected?> value, CancellationToken cancellationToken)
        where T : class
    {
        var (good, bad) = (0, 0);
        await foreach (var row in rows.AsNoTracking().AsAsyncEnumerable().WithCancellation(cancellationToken))
        {
            if (value(row) is not { } record)
            {
                continue;
            }

            try
            {
                using var plaintext = await vault.UnprotectAsync(binding(row), record, cancellationToken);
                good++;
            }
            catch (UndecryptableException e)
            {
                bad++;
                _failures.Add($"{column}: {e.Message}");
            }
        }

        _columns.Add((column, good, bad));
    }
}
