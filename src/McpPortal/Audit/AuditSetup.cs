namespace McpPortal.Audit;

internal static class AuditSetup
{
    public static void AddAudit(this IServiceCollection services) => services.AddSingleton<AuditLog>();
}
