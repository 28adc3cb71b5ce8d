using Microsoft.EntityFrameworkCore;

namespace McpPortal.Data;

/// <summary>The tables on PostgreSQL; migrations in <c>Data/Migrations/Postgres</c>.</summary>
public sealed class PostgresPortalDb(DbContextOptions<PostgresPortalDb> options) : PortalDb(options);
