using System.Reflection;
using System.Reflection.Emit;
using McpPortal.Hosting;
using McpPortal.Tests.Rig;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.Configuration;

namespace McpPortal.Tests.Attacks.Authorization;

/// <summary>
/// What a circuit can set going, read from the compiled components: every method of a registered service that the code of a page or
/// control calls. A new call is found without anybody listing it.
/// </summary>
internal static class CircuitReach
{
    private static readonly Assembly Portal = typeof(PortalApp).Assembly;
    private static readonly Dictionary<short, OpCode> Codes = typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (OpCode)field.GetValue(null)!).ToDictionary(code => code.Value);

    /// <summary>Names as <c>MyConnections.LabelAsync(UserId, ConnectionId, String, CancellationToken)</c>, in order.</summary>
    public static IReadOnlyList<string> Methods()
    {
        var services = Services();
        SortedSet<string> found = new(StringComparer.Ordinal);
        HashSet<Type> seen = [.. Portal.GetTypes().Where(type => type.IsAssignableTo(typeof(IComponent)))];
        Queue<Type> left = new(seen);
        while (left.TryDequeue(out var type))
        {
            foreach (var called in WithNested(type).SelectMany(Code).SelectMany(Calls))
            {
                if (called.DeclaringType is not { } owner || owner.Assembly != Portal)
                {
                    continue;
                }

                if (!services.Contains(Outermost(owner)))
                {
                    // Code of the portal's that a component runs, such as the feed behind a page, belongs to it. Routes have a table of their own.
                    if (seen.Add(Outermost(owner)) && !Outermost(owner).Name.EndsWith("Endpoints", StringComparison.Ordinal))
                    {
                        left.Enqueue(Outermost(owner));
                    }
                }
                else if (!called.IsConstructor && !IsGetter(called))
                {
                    found.Add(Name(called));
                }
            }
        }

        return [.. found];
    }

    public static string Name(MethodBase method) =>
        $"{method.DeclaringType!.FullName!.Split('.')[^1].Replace('+', '.')}.{method.Name}({string.Join(", ", method.GetParameters().Select(p => Short(p.ParameterType)))})";

    private static HashSet<Type> Services()
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = "Development", ApplicationName = "McpPortal" });
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["ConnectionStrings:App"] = "Host=/nowhere",
            ["ConnectionStrings:System"] = "Host=/nowhere",
            ["ConnectionStrings:Migrate"] = "Host=/nowhere",
            ["Vault:RootKeyFile"] = "/nowhere",
            ["Oidc:Authority"] = "http://127.0.0.1:1",
            ["Oidc:ClientId"] = "portal",
            ["Oidc:ClientSecret"] = "sandbox-only-not-a-secret-portal",
        });
        builder.AddPortal();
        return [.. builder.Services.Select(service => service.ServiceType).Where(type => type.Assembly == Portal)];
    }

    // Lambdas and async methods are nested types of the component.
    private static IEnumerable<Type> WithNested(Type type) =>
        type.GetNestedTypes(BindingFlags.Public | BindingFlags.NonPublic).SelectMany(WithNested).Prepend(type);

    private static Type Outermost(Type type) => type.DeclaringType is { } outer ? Outermost(outer) : type;

    private static bool IsGetter(MethodBase method) => method.IsSpecialName && method.Name.StartsWith("get_", StringComparison.Ordinal);

    private static string Short(Type type) => type.IsGenericType
        ? $"{type.Name.Split('`')[0]}<{string.Join(", ", type.GetGenericArguments().Select(Short))}>"
        : type.Name;

    private static IEnumerable<MethodBase> Code(Type type) =>
        type.GetMembers(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly).OfType<MethodBase>();

    private static IEnumerable<MethodBase> Calls(MethodBase caller)
    {
        if (caller.GetMethodBody()?.GetILAsByteArray() is not { } code)
        {
            yield break;
        }

        var typeArguments = caller.DeclaringType is { IsGenericType: true } generic ? generic.GetGenericArguments() : null;
        var methodArguments = caller.IsGenericMethod ? caller.GetGenericArguments() : null;
        for (var at = 0; at < code.Length;)
        {
            var value = (short)code[at++];
            if (value == 0xFE)
            {
                value = (short)(0xFE00 | code[at++]);
            }

            var operation = Codes[value];
            if (operation.OperandType == OperandType.InlineMethod)
            {
                yield return caller.Module.ResolveMethod(BitConverter.ToInt32(code, at), typeArguments, methodArguments)!;
            }

            at += operation.OperandType switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + (4 * BitConverter.ToInt32(code, at)),
                _ => 4,
            };
        }
    }
}
