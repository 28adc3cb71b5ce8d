using Microsoft.Extensions.Options;

namespace McpPortal.Outbound;

internal static class OutboundSetup
{
    public static IServiceCollection AddOutbound(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<OutboundOptions>().Bind(configuration.GetSection(OutboundOptions.Section)).ValidateOnStart();
        services.AddSingleton<IValidateOptions<OutboundOptions>, Validator>();
        services.AddSingleton<OutboundGuard>();
        services.AddHostedService<OutboundNotice>();
        return services;
    }

    private sealed class Validator : IValidateOptions<OutboundOptions>
    {
        public ValidateOptionsResult Validate(string? name, OutboundOptions options)
        {
            var errors = options.Errors().ToArray();
            return errors.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
        }
    }
}
