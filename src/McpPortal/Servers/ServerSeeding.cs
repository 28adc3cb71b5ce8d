using McpPortal.Audit;
using McpPortal.Data;
using McpPortal.Vault;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace McpPortal.Servers;

/// <summary>With the sandbox on, fills the catalogue at a first start with servers open to every member. What an administrator removed stays removed; while the vault is sealed nothing is added.</summary>
internal sealed partial class ServerSeeding(
    PortalDatabase database, ServerEditor editor, ServerTemplates templates, BuiltInTemplates builtIn, IOptions<ServersOptions> options,
    IHostEnvironment environment, VaultState vault, TimeProvider time, ILogger<ServerSeeding> logger) : BackgroundService
{
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(5);

    private bool _done;

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        if (environment.IsDevelopment() && options.Value.Seed.Enabled && builtIn.SandboxUrl is not null)
        {
            await TrySeedAsync(cancellationToken);
            await base.StartAsync(cancellationToken);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!_done)
        {
            await Task.Delay(Retry, time, stoppingToken);
            await TrySeedAsync(stoppingToken);
        }
    }

    internal async Task SeedAsync(CancellationToken cancellationToken)
    {
        foreach (var key in BuiltInTemplates.Seeded)
        {
            if (templates.Find(key) is { } template && !await IsKnownAsync(template, cancellationToken))
            {
                await AddAsync(template, cancellationToken);
            }
        }
    }

    private async Task AddAsync(ServerTemplate template, CancellationToken cancellationToken)
    {
        if (template is { Transport: ServerTransport.Http, Url: null })
        {
            Log.NotAdded(logger, template.Key, "Its address is not configured (Sandbox:EmailUrl, Sandbox:EverythingUrl).");
            return;
        }

        var result = await editor.AddAsync(template.ToDraft(), template.Key, everyone: true, Actor.Job("seed"), cancellationToken);
        if (result is ServerEditResult.NotAllowed refused)
        {
            Log.NotAdded(logger, template.Key, $"{refused.Sentence} Build everything, run 'npm ci' in tests/peers, or set Servers:Seed.");
        }
        else if (result is ServerEditResult.Invalid invalid)
        {
            Log.NotAdded(logger, template.Key, string.Join(" ", invalid.Faults.Select(fault => fault.Sentence)));
        }
    }

    private async Task<bool> IsKnownAsync(ServerTemplate template, CancellationToken cancellationToken)
    {
        await using var scope = await database.ForSystemAsync(cancellationToken);
        var rows = await scope.Db.Servers.AsNoTracking().Where(s => s.OwnerKind == OwnerKind.Organisation && s.Slug == template.Key).ToListAsync(cancellationToken);
        if (rows.Find(s => s.RemovedAt == null) is { } row && (row.Url != template.Url || !row.CommandLine.SequenceEqual(template.CommandLine)))
        {
            Log.Elsewhere(logger, row.Slug, row.Destination);
        }

        return rows.Count > 0;
    }

    private async Task TrySeedAsync(CancellationToken cancellationToken)
    {
        if (vault.IsSealed)
        {
            return;
        }

        try
        {
            await SeedAsync(cancellationToken);
            _done = true;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Log.Failed(logger, e.Message);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "The server '{Slug}' was not added to the catalogue. {Reason}")]
        public static partial void NotAdded(ILogger logger, string slug, string reason);

        [LoggerMessage(LogLevel.Warning, "The server '{Slug}' goes on pointing to {Destination}, not to what the sandbox uses now. Edit or remove it under Server catalogue.")]
        public static partial void Elsewhere(ILogger logger, string slug, string destination);

        [LoggerMessage(LogLevel.Warning, "The catalogue could not be filled; trying again. {Reason}")]
        public static partial void Failed(ILogger logger, string reason);
    }
}
