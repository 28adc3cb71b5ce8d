using System.Net;
using McpPortal.Accounts;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.Options;
using IPNetwork = System.Net.IPNetwork;

namespace McpPortal.Hosting;

/// <summary>
/// <c>Portal:KnownProxies</c>: the only addresses whose <c>X-Forwarded-For</c> and <c>X-Forwarded-Proto</c> are believed. Nobody's
/// <c>X-Forwarded-Host</c> is: a proxy passes the Host header on.
/// </summary>
internal static class KnownProxies
{
    private const string Key = "Portal:KnownProxies";

    public static void AddKnownProxies(this WebApplicationBuilder builder)
    {
        var entries = Entries(builder.Configuration).ToList();
        var errors = Errors(builder.Configuration, entries).ToArray();
        if (errors.Length > 0)
        {
            throw new OptionsValidationException("Portal", typeof(KnownProxies), errors);
        }

        builder.Services.Configure<ForwardedHeadersOptions>(options =>
        {
            options.ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto;
            options.ForwardLimit = null; // every hop is checked
            options.KnownProxies.Clear();
            options.KnownIPNetworks.Clear();
            foreach (var (_, network) in entries)
            {
                options.KnownIPNetworks.Add(network!.Value);
            }
        });
    }

    public static void UseKnownProxies(this WebApplication app)
    {
        if (Entries(app.Configuration).Any())
        {
            app.UseForwardedHeaders();
        }
    }

    private static IEnumerable<string> Errors(IConfiguration configuration, List<(string Text, IPNetwork? Network)> entries)
    {
        foreach (var (text, _) in entries.Where(entry => entry.Network is null))
        {
            yield return $"{Key} contains '{text}'. Write the address of a proxy, such as 10.0.0.5, or a network such as 10.0.0.0/28.";
        }

        if (configuration.GetValue<bool>("FORWARDEDHEADERS_ENABLED"))
        {
            yield return $"ASPNETCORE_FORWARDEDHEADERS_ENABLED believes X-Forwarded headers of anybody. Remove it, and write the address of your proxy into {Key}:0.";
        }

        if (entries.Count > 0 && configuration.GetValue<bool>(SingleUserMode.Key))
        {
            yield return $"{SingleUserMode.Key} is on, and {Key} is set. In this mode the portal serves this machine only and stands behind no proxy: remove one of them.";
        }
    }

    private static IEnumerable<(string Text, IPNetwork? Network)> Entries(IConfiguration configuration) =>
        from text in configuration.GetSection(Key).Get<string[]>() ?? []
        where text.Length > 0
        select (text, IPAddress.TryParse(text, out var address) ? new IPNetwork(address, address.GetAddressBytes().Length * 8)
            : IPNetwork.TryParse(text, out var network) ? network
            : (IPNetwork?)null);
}
