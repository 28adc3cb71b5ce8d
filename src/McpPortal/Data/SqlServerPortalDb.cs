using Microsoft.EntityFrameworkCore;

namespace McpPortal.Data;

/// <summary>The tables on SQL Server; migrations in <c>Data/Migrations/SqlServer</c>.</summary>
public sealed class SqlServerPortalDb(DbContextOptions<SqlServerPortalDb> options) : PortalDb(options);
