using System.Reflection;
using System.Runtime.CompilerServices;
using Microsoft.Data.SqlClient;

namespace McpPortal.Tests.Data;

/// <summary>Without a SQL Server: every method of its client compiles, so no assembly is missing that a command would ask for.</summary>
public sealed class SqlServerShimTests
{
    // Always Encrypted enclaves and the Windows sign-in broker need packages that are absent; the portal uses neither.
    private static readonly string[] MayFail = ["Microsoft.Data.SqlClient.AzureAttestationEnclaveProvider", "Microsoft.Data.SqlClient.ActiveDirectoryAuthenticationProvider"];

    [Fact]
    public void Every_method_of_the_client_can_be_compiled()
    {
        var methods = typeof(SqlConnection).Assembly.GetTypes().SelectMany(Methods).ToList();
        var failures = methods.Select(method => (Type: Outermost(method.DeclaringType!), Method: method, Error: Prepare(method))).Where(f => f.Error is not null).ToList();

        Assert.True(methods.Count > 5000, $"Only {methods.Count} methods were found.");
        Assert.All(failures, f => Assert.True(MayFail.Contains(f.Type), $"{f.Type}.{f.Method.Name}: {f.Error}"));
        Assert.InRange(failures.Count(f => f.Type == MayFail[1]), 0, 1);
    }

    private static IEnumerable<MethodBase> Methods(Type type)
    {
        const BindingFlags All = BindingFlags.DeclaredOnly | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance;
        return type.ContainsGenericParameters || type.IsInterface
            ? []
            : type.GetMethods(All).Cast<MethodBase>().Concat(type.GetConstructors(All)).Where(m => !m.IsAbstract && !m.ContainsGenericParameters);
    }

    /// <summary>Compilers put lambdas and state machines into nested types.</summary>
    private static string Outermost(Type type) => type.DeclaringType is { } outer ? Outermost(outer) : type.FullName!;

    private static string? Prepare(MethodBase method)
    {
        try
        {
            RuntimeHelpers.PrepareMethod(method.MethodHandle);
            return null;
        }
        catch (PlatformNotSupportedException)
        {
            // Imports of Windows libraries: no assembly is missing.
            return null;
        }
        catch (Exception e) when (e is FileNotFoundException or TypeLoadException or MissingMethodException or FileLoadException or BadImageFormatException)
        {
            return e.Message;
        }
    }
}
