using Microsoft.Extensions.Options;

namespace McpPortal.Servers;

internal static class ServersSetup
{
    public static void AddServers(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<ServersOptions>().Bind(configuration.GetSection(ServersOptions.Section)).ValidateOnStart();
        services.AddSingleton<IValidateOptions<ServersOptions>, Validator>();
        services.AddSingleton<ServerCatalog>();
        services.AddSingleton<BuiltInTemplates>();
        services.AddSingleton<ServerTemplates>();
        services.AddSingleton<ServerRules>();
        services.AddSingleton<ServerEditor>();
        services.AddSingleton<AdminServers>();
        services.AddSingleton<EditableServers>();
        services.AddHostedService<ServerSeeding>();
    }

    private sealed class Validator : IValidateOptions<ServersOptions>
    {
        public ValidateOptionsResult Validate(string? name, ServersOptions options)
        {
            var errors = options.Errors().ToArray();
            return errors.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
        }
    }
}
